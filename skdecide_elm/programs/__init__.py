"""Programs as text: evolve blocks, LLM replies, normal forms, loading.

Import from the modules: ``markers``, ``replies``, ``normal_form``, ``loader``.
"""

__all__: list[str] = []
