"""``python -m skdecide_elm.cli`` is ``skdecide-elm``."""

from skdecide_elm.cli.app import main

__all__: list[str] = []

if __name__ == "__main__":
    main()
