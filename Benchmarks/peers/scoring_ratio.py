"""Seconds for scoring the demo's search set once: transformers in float32 over `mergevolve evaluate`, in one run.

Both score the four generation benchmarks by teacher forcing with the same model on all cores. The figure of
transformers leaves out loading and tokenizing, that of mergevolve is the whole process: the ratio is a lower bound.

    python Benchmarks/peers/scoring_ratio.py --mergevolve .build/release/mergevolve
"""

import argparse
import json
import pathlib
import subprocess
import sys
import time

TASKS = ["arith_gen", "numerals_gen", "letters_gen", "wordmath_gen"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--mergevolve", default=".build/release/mergevolve")
    parser.add_argument("--model", default="Datasets/demo/models/expert-numerals")
    parser.add_argument("--repetitions", default=5, type=int)
    arguments = parser.parse_args()
    peer = pathlib.Path(__file__).with_name("score_transformers.py")
    printed = subprocess.run(
        [sys.executable, peer, arguments.model], check=True, capture_output=True, text=True
    ).stdout
    theirs = json.loads(printed.splitlines()[-1])
    command = [arguments.mergevolve, "evaluate", arguments.model, "--split", "search"]
    command += ["--decode", "never", "--json", "--task"]
    command += [f"Datasets/demo/{task}.yaml" for task in TASKS]
    seconds = []
    for _ in range(arguments.repetitions):
        began = time.perf_counter()
        ours = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        seconds.append(time.perf_counter() - began)
    for task in json.loads(ours)["tasks"]:
        score = task["scores"]["exact_match_forced"]["value"]
        if abs(score - theirs["exact_match"][task["task"]]) > 1e-9:
            sys.exit(f"{task['task']}: {score} here, {theirs['exact_match'][task['task']]} there")
    print(
        f"transformers {theirs['seconds']:.3f} s, mergevolve {min(seconds):.3f} s (whole process), "
        f"ratio {theirs['seconds'] / min(seconds):.2f}; equal scores on {theirs['items']} items"
    )


main()
