"""Makes a wheel of this project, `uv build`: a package that bears the project's name.

Template's file: updates replace it. All else about the wheel stands in pyproject.toml.
"""

import re
import tomllib
from pathlib import Path

from setuptools import find_packages, setup

name = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]["name"]
package = re.sub(r"\W+", "_", name.lower())  # elsewhere: from wide_net.blocks import ...
inside = [f"{package}.{folder}" for folder in find_packages("experiment")]
files = {"": ["templates/*", "static/*"]}  # of the web page, where there is one
setup(package_dir={package: "experiment"}, packages=[package, *inside], package_data=files)
