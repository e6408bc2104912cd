"""Python loads this by itself where its folder is on PYTHONPATH: so child processes record too."""

import calls_hook

calls_hook.install_from_environment()
