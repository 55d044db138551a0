"""One YAML file that describes a run: OpenEvolve's sections and ours, validated strictly."""

from skdecide_elm.config.run_config import RunConfig, load_run_config

__all__ = ["RunConfig", "load_run_config"]
