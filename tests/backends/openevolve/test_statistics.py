import json
from collections import Counter

from skdecide_elm.backends.openevolve import RunStatistics


def test_json_and_back():
    statistics = RunStatistics(
        proposals=5,
        llm_failures=Counter(RateLimitError=2),
        rejected_replies=Counter(empty=1, no_code=1),
        improvements=[(0, -1.0), (3, -0.5)],
    )
    assert RunStatistics.from_json(json.loads(json.dumps(statistics.to_json()))) == statistics
