"""What an LLM is sent: the configuration's text, and what each flag adds to it."""

import re
import types
from pathlib import Path

import pytest
import tiny
from openevolve.config import Config
from processes import start
from skdecide import Domain
from skdecide.hub.domain.maze import Maze
from tiny import FAST, IDLE, Line, Move

from skdecide_elm import ApiExtractionParams, IntegratedOpenEvolve, ProxyOpenEvolve
from skdecide_elm.domain_api import extract_api, render_api
from skdecide_elm.programs.tunables import read_tunables

TASK = "Walk to the end."
BLOCK = (
    "Change only what stands between `# EVOLVE-BLOCK-START` and `# EVOLVE-BLOCK-END`, and keep both marker lines where "
    "they are. Edits outside the block are undone. Imports that your code needs go inside the block. Numbers that want "
    "tuning may be constants of the class `Planner`, declared with bounds, as in "
    '`TUNABLES = {"GAIN": (0.0, 2.0), "DEPTH": (1, 4, "int"), "ACTION": (0, 3, "choice")}` '
    "(choices: whole numbers without an order): they are tuned for you."
)
PUBLIC = "Use only the public members of the domain: names that start with an underscore are not allowed."


def plain():
    """A configuration with the shortest prompt."""
    config = Config()
    config.prompt.system_message = TASK
    return config


NOTHING = {
    "prompt_add_blockevolve_instruction": False,
    "prompt_add_public_api_instruction": False,
    "prompt_include_public_api": False,
    "prompt_include_domain_module": False,
}


@pytest.fixture(scope="module")
def initial(tmp_path_factory):
    path = tmp_path_factory.mktemp("prompts") / "initial.py"
    path.write_text(IDLE)
    return path


@pytest.fixture
def system(initial):
    """The system message under some flags; building a solver is enough to know it."""

    def system(kind=IntegratedOpenEvolve, domain=Line, **flags):
        solver = kind(domain, initial_program_path=initial, **{"config": plain(), **FAST, **flags})
        return solver._backend._evolution.config.prompt.system_message

    return system


def api(domain, **params):
    params = ApiExtractionParams(**params)
    return render_api(extract_api(domain, params), params).strip()


def module_source():
    return "# Source of the domain's module `tiny`\n\n```python\n" + Path(tiny.__file__).read_text().strip() + "\n```"


def test_nothing_added(system):
    assert system(**NOTHING) == TASK


def test_defaults(system):
    assert system() == f"{TASK}\n\n{BLOCK}\n\n{PUBLIC}\n\n{api(Line())}"
    assert system(ProxyOpenEvolve) == f"{TASK}\n\n{BLOCK}"


@pytest.mark.parametrize(
    ("flag", "section"),
    [
        ("prompt_add_blockevolve_instruction", BLOCK),
        ("prompt_add_public_api_instruction", PUBLIC),
        ("prompt_include_public_api", api(Line())),
        ("prompt_include_domain_module", module_source()),
    ],
)
def test_each_flag_adds_its_section(system, flag, section):
    assert system(**{**NOTHING, flag: True}) == f"{TASK}\n\n{section}"


def test_the_tunables_that_an_llm_is_shown_are_understood():
    (declared,) = re.findall("`(TUNABLES = .*?)`", BLOCK)
    constants = "\n    ".join([declared, "GAIN = 0.5", "DEPTH = 2", "ACTION = 0"])
    found = read_tunables(IDLE.replace("class Planner:", f"class Planner:\n    {constants}"))
    scales = {"Planner.GAIN": "linear", "Planner.DEPTH": "int", "Planner.ACTION": "choice"}
    assert {one.name: one.scale for one in found} == scales


def test_proxy_block_instruction_can_be_left_out(system):
    assert system(ProxyOpenEvolve, prompt_add_blockevolve_instruction=False) == TASK


@pytest.mark.parametrize(
    "params", [{"recursive": False}, {"subtitle_level": 4}, {"strip_admonitions": True}, {"user_modules": (types,)}]
)
def test_api_parameters(system, params):
    flags = {**NOTHING, "prompt_include_public_api": True}
    assert system(**flags, prompt_include_public_api_params=ApiExtractionParams(**params)) == (
        f"{TASK}\n\n{api(Line(), **params)}"
    )


def test_the_update_function_comes_first(system):
    def update(message):
        seen.append(message)
        return message.upper()

    seen = []
    assert system(prompt_update_function=update) == f"{TASK.upper()}\n\n{BLOCK}\n\n{PUBLIC}\n\n{api(Line())}"
    assert seen == [TASK]


def test_the_update_function_sees_the_text_rather_than_the_name_of_a_template(system):
    seen = []
    system(config=Config(), prompt_update_function=lambda message: seen.append(message) or message)
    assert seen[0].startswith("You are an expert")


def test_a_text_with_braces_is_sent_as_it_is(system, initial):
    text = 'Return {"action": {0}} and no {x}.'
    with IntegratedOpenEvolve(
        Line, initial, config=plain(), **FAST, **NOTHING, prompt_update_function=lambda _: text
    ) as solver:
        assert solver.sample_prompt()["system"] == text


def test_a_domain_of_the_running_script_shows_its_own_source(tmp_path):
    script = """\
        from tiny import FAST, Line
        from skdecide_elm import IntegratedOpenEvolve

        class Local(Line):
            \'\'\'A line that only this script knows.\'\'\'

        solver = IntegratedOpenEvolve(Local, **FAST, prompt_include_public_api=False, prompt_include_domain_module=True)
        print(solver._backend._evolution.config.prompt.system_message)
    """
    output, errors = start(tmp_path, script).communicate(timeout=30)
    source = "class Local(Line):\n    '''A line that only this script knows.'''"
    assert output.endswith(f"# Source of the domain's module `__main__`\n\n```python\n{source}\n```\n"), errors


def test_a_domain_without_source_is_shown_without(system, caplog):
    made = type("Made", (Line,), {"__module__": "nowhere"})
    assert issubclass(made, Domain)
    assert system(domain=made, **{**NOTHING, "prompt_include_domain_module": True}) == TASK
    assert "source of Made cannot be found" in caplog.text


def test_maze_names_what_a_planner_needs(system):
    message = system(domain=Maze)
    for text in ("# API Reference", "get_next_state", "`up`", "DeterministicTransitions", "Action", "is_goal"):
        assert text in message


USER = f"""\
# Current Program Information
- Fitness: -1.0000
- Feature coordinates: 
- Focus areas: - Fitness unchanged at -1.0000
- No feature coordinates

## Last Execution Output

### worst_episode
```
episode 1: score -1, cost 10, 10 steps, cut at its step limit, goal not reached
step 6: at 0 took Move.left, cost 1
step 7: at 0 took Move.left, cost 1
step 8: at 0 took Move.left, cost 1
step 9: at 0 took Move.left, cost 1
step 10: at 0 took Move.left, cost 1
```

# Program Evolution History
## Previous Attempts

### Attempt 1
- Changes: Unknown changes
- Metrics: combined_score: -1.0000, cost: 10.0000, nb_reached_goals: 0.0000, nb_episodes: 1.0000, \
nb_cut_episodes: 1.0000, mean_steps: 10.0000, goal_rate: 0.0000, cost_spread: 0.0000, action_entropy: 0.0000, \
distinct_observations: 0.1000
- Outcome: Mixed results

## Top Performing Programs

### Program 1 (Score: -1.0000)
```python
{IDLE}
```
Key features: Metric: combined_score (-1.0000), Metric: cost (10.0000), \
Metric: nb_reached_goals (0.0000), Metric: nb_episodes (1.0000), \
Metric: nb_cut_episodes (1.0000), Metric: mean_steps (10.0000), \
Metric: goal_rate (0.0000), Metric: cost_spread (0.0000), \
Metric: action_entropy (0.0000), Metric: distinct_observations (0.1000)



# Current Program
```python
{IDLE}
```

# Task
Rewrite the program to improve its FITNESS SCORE.
The system maintains diversity across these dimensions: complexity, diversity
Different solutions with similar fitness but different features are valuable.
Provide the complete new program code.

IMPORTANT: Make sure your rewritten program maintains the same inputs and outputs
as the original program, but with improved internal implementation.

```python
# Your rewritten program here
```"""  # noqa: W291 - as OpenEvolve's template has it


def test_the_whole_first_prompt(initial):
    flags = {**NOTHING, "prompt_add_blockevolve_instruction": True, "diff_based_evolution": False}
    with IntegratedOpenEvolve(Line, initial, config=plain(), **FAST, **flags) as solver:
        assert solver.sample_prompt() == {"system": f"{TASK}\n\n{BLOCK}", "user": USER}


def test_the_prompt_of_an_invalid_program_shows_its_error(tmp_path):
    (tmp_path / "broken.py").write_text(IDLE.replace("Move.left", "missing"))
    with IntegratedOpenEvolve(Line, tmp_path / "broken.py", config=plain(), **FAST) as solver:
        user = solver.sample_prompt()["user"]
    assert "NameError: name 'missing' is not defined" in user
    assert "- Fitness: -inf" in user
    assert "nan" not in user.lower().replace("nano", "")


def test_sampling_a_prompt_changes_nothing(initial):
    assert Move.left.value == -1
    runs = []
    for samples in (0, 3):
        with IntegratedOpenEvolve(Line, initial, **FAST, nb_iterations=4) as solver:
            solver.solve()
            for _ in range(samples):
                solver.sample_prompt()
            solver.solve()
            runs.append([p.code for p in solver._backend._evolution.database.programs.values()])
    assert runs[0] == runs[1]
