"""manual/ and autodiff/ share no code: their agreement is evidence only as long as they are independent."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MANUAL = sorted((ROOT / "manual").rglob("*.py"))
AUTODIFF = sorted((ROOT / "autodiff").rglob("*.py"))
STANDARD_LIBRARY = sys.stdlib_module_names - {"importlib"}  # which could import anything


def imported(path):
    """Top-level packages that a module imports anywhere in it; a relative import is one of its own folder."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            depth = len(path.relative_to(ROOT).parts) - 1
            assert node.level <= depth, f"{path}:{node.lineno} leaves its folder"
            found.add(path.relative_to(ROOT).parts[0] if node.level else node.module.split(".")[0])
        elif isinstance(node, ast.Name):
            assert node.id not in ("__import__", "exec", "eval"), f"{path}:{node.lineno} imports by name"
    return found


def short(path):
    return str(path.relative_to(ROOT))


def test_both_folders_are_found():
    assert {"rnn.py", "lstm.py", "losses.py"} <= {path.name for path in MANUAL} & {path.name for path in AUTODIFF}


@pytest.mark.parametrize("path", MANUAL, ids=short)
def test_manual_imports_nothing_but_numpy_the_standard_library_and_itself(path):
    assert imported(path) <= {"numpy", "manual"} | STANDARD_LIBRARY


@pytest.mark.parametrize("path", AUTODIFF, ids=short)
def test_autodiff_imports_neither_manual_nor_gradproof(path):
    assert imported(path) <= {"jax", "numpy", "autodiff"} | STANDARD_LIBRARY


def test_importing_all_of_manual_leaves_jax_out():
    modules = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in MANUAL]
    program = f"import sys, {', '.join(modules)}; print('numpy' in sys.modules, 'jax' in sys.modules)"
    printed = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert printed.stdout.split() == ["True", "False"]
