"""Logits of random models of every family and many options: transformers beside `mergevolve logits`.

    python3 Benchmarks/peers/architectures.py --mergevolve .build/release/mergevolve

Needs torch and transformers 5.23.0. Models are those of Tests/Golden/variations, drawn anew with other seeds.
"""

import argparse
import importlib.util
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
from safetensors.torch import load_file

GOLDEN = Path(__file__).resolve().parents[2] / "Tests" / "Golden" / "variations" / "make.py"


def load_cases():
    spec = importlib.util.spec_from_file_location("variations", GOLDEN)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def difference(program: str, folder: Path) -> float:
    """The largest difference of a logit, as a share of the largest logit of its sequence."""
    sequences = json.loads((folder / "tokens.json").read_text())["sequences"]
    tokens, output = folder / "ids.json", folder / "ours.safetensors"
    tokens.write_text(json.dumps({f"seq{i}": ids for i, ids in enumerate(sequences)}))
    subprocess.run(
        [program, "logits", folder, "--tokens", tokens, "--output", output], check=True,
        capture_output=True)
    theirs, ours = load_file(folder / "logits.safetensors"), load_file(output)
    return max(float((ours[key] - theirs[key]).abs().max() / theirs[key].abs().max()) for key in theirs)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mergevolve", required=True)
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    variations = load_cases()
    variations.transformers.logging.set_verbosity_error()
    variations.transformers.logging.disable_progress_bar()
    worst = 0.0
    with torch.no_grad(), tempfile.TemporaryDirectory() as scratch:
        for name, case in variations.CASES.items():
            for seed in range(options.seeds):
                # The seed of a model is made from its name.
                label = f"{name} {seed}"
                folder = Path(scratch) / label
                variations.write(folder, label, *case)
                found = difference(options.mergevolve, folder)
                worst = max(worst, found)
                print(f"{label:30} {found:.1e}{'' if found <= 1e-4 else '  FAIL'}", flush=True)
    print(f"largest difference {worst:.1e} of the largest logit")
    sys.exit(0 if worst <= 1e-4 else 1)


if __name__ == "__main__":
    main()
