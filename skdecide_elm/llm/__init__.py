"""LLM clients that need no network: the embedded proposer and scripted test doubles."""

__all__: list[str] = []
