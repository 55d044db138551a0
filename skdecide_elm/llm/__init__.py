"""LLMs: what they are asked and reply, what that costs, and what stands in for them.

``clients`` opens the models that OpenEvolve's configurations name, ``retries`` repeats failed requests, ``ledger``
counts, ``recorded`` repeats runs, ``scripted`` is for tests, ``embedded`` proposes programs without any model.
"""

__all__: list[str] = []
