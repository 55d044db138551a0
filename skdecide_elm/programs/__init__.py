"""Programs as text: evolve blocks, LLM replies, normal forms, loading.

Import from the modules: ``markers``, ``replies``, ``unified_diffs``, ``normal_form``, ``loader``, ...
"""

__all__: list[str] = []
