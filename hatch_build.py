"""Builds the pages when the package is built, or installed from a checkout (hatchling's custom hook)."""

import runpy
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class PagesHook(BuildHookInterface[Any]):
    """Without Node or network the package is built all the same; where its pages should be, a page says why."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by hatchling before it collects files."""
        pages = runpy.run_path(str(Path(self.root) / "ui" / "build.py"))
        try:
            pages["build"]()
        except pages["CannotBuild"] as error:
            self.app.display_warning(f"The pages were not built. {error}")
