"""OpenEvolve's own prompts, as one operator among others."""

from __future__ import annotations

from collections.abc import Sequence

from openevolve.config import Config
from openevolve.database import Program as OpenEvolveProgram
from openevolve.prompt.sampler import PromptSampler

from skdecide_elm.backends.openevolve.database import Database
from skdecide_elm.core import Context, Program
from skdecide_elm.llm.model import Model, Prompt
from skdecide_elm.operators import LLMOperator, PromptSettings
from skdecide_elm.programs.replies import Child, child_from_reply
from skdecide_elm.prompts import join_sections
from skdecide_elm.prompts.sections import repeats_note

__all__ = ["Sampled", "Sampler"]


class Sampler:
    """Makes OpenEvolve's prompts: the parent, its island's best programs, inspirations, artifacts."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._sampler = PromptSampler(config.prompt)

    def prompt(
        self,
        database: Database,
        island: int,
        parent: OpenEvolveProgram,
        inspirations: Sequence[OpenEvolveProgram],
        context: Context,
    ) -> Prompt:
        """The prompt for one iteration, with random numbers of the database."""
        settings = self._config.prompt
        best = database.best_of_island(island, settings.num_top_programs + settings.num_diverse_programs)
        with database.rng.installed():
            texts: dict[str, str] = self._sampler.build_prompt(
                current_program=parent.code,
                parent_program=parent.code,
                program_metrics=parent.metrics,
                previous_programs=[p.to_dict() for p in best[: settings.num_top_programs]],
                top_programs=[p.to_dict() for p in best],
                inspirations=[p.to_dict() for p in inspirations],
                language=self._config.language or "python",
                evolution_round=context.iteration,
                diff_based_evolution=self._config.diff_based_evolution,
                program_artifacts=database.get_artifacts(parent.id),
                feature_dimensions=self._config.database.feature_dimensions,
            )
        user, note = texts["user"], repeats_note(context.duplicates)
        return Prompt(join_sections(user, note) if note else user, texts["system"], seed=context.seed)


class Sampled(LLMOperator):
    """Sends a prompt that OpenEvolve's sampler has made, and reads the reply as OpenEvolve's settings say."""

    name = "openevolve"

    def __init__(self, model: Model, settings: PromptSettings, prompt: Prompt, diff_based: bool) -> None:
        super().__init__(model, settings)
        self._prompt = prompt
        self._diff_based = diff_based

    def prompt(self, parents: Sequence[Program], context: Context) -> Prompt:
        """The prompt that was given; parents and context went into it."""
        return self._prompt

    def _child(self, base: Program, text: str | None) -> Child:
        return child_from_reply(
            base.code,
            text,
            diff_based=self._diff_based,
            diff_pattern=self._settings.diff_pattern,
            max_code_length=self._settings.max_code_length,
        )
