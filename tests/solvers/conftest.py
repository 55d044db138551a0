"""What all tests of the solvers share: no key of the developer's, and a look at what is left behind."""

import pytest

VARIABLES = ("OPENAI_API_KEY", "OPENAI_API_BASE", "OPENAI_BASE_URL", "OPENAI_MODEL")


@pytest.fixture(autouse=True, scope="session")
def no_key():
    """The environment of somebody who has no LLM."""
    with pytest.MonkeyPatch.context() as patch:
        for variable in VARIABLES:
            patch.delenv(variable, raising=False)
        yield
