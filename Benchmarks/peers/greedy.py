"""Compares greedy continuations of a merged folder: transformers in float32 against `mergevolve evaluate`.

Takes the first prompts of a benchmark whose two best logits differ by more than 1e-3 at every step in
transformers, and exits with status 1 if one of the texts differs.

    python Benchmarks/peers/greedy.py MERGED --mergevolve .build/release/mergevolve
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer


@torch.inference_mode()
def continuation(model, tokenizer, prompt, limit):
    """Greedy text up to end of sequence or a line break, and the smallest gap between the two best logits."""
    ids = tokenizer(prompt)["input_ids"]
    start = len(ids)
    gap = float("inf")
    for _ in range(limit):
        two = model(torch.tensor([ids])).logits[0, -1].topk(2)
        gap = min(gap, float(two.values[0] - two.values[1]))
        ids.append(int(two.indices[0]))
        if ids[-1] == tokenizer.eos_token_id or "\n" in tokenizer.decode(ids[start:]):
            break
    text = tokenizer.decode(ids[start:], skip_special_tokens=True)
    return text.split("\n")[0], gap


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("--mergevolve", default=".build/release/mergevolve")
    parser.add_argument("--task", default="Datasets/demo/wordmath_gen.yaml")
    parser.add_argument("--rows", default="Datasets/demo/benchmarks/wordmath_gen.search.jsonl")
    parser.add_argument("--prompts", default=10, type=int)
    parser.add_argument("--limit", default=24, type=int)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        samples = pathlib.Path(folder) / "samples.jsonl"
        subprocess.run(
            [arguments.mergevolve, "evaluate", arguments.model, "--task", arguments.task]
            + ["--split", "search", "--decode", "always", "--samples", str(samples)],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        ours = {}
        for line in samples.read_text().splitlines():
            sample = json.loads(line)
            ours[sample["id"]] = sample["resps"][0][0]
    tokenizer = AutoTokenizer.from_pretrained(arguments.model)
    model = AutoModelForCausalLM.from_pretrained(arguments.model, dtype=torch.float32).eval()
    compared = differing = 0
    for line in pathlib.Path(arguments.rows).read_text().splitlines():
        row = json.loads(line)
        text, gap = continuation(model, tokenizer, row["prompt"], arguments.limit)
        if gap <= 1e-3:
            continue
        compared += 1
        if text != ours[row["id"]]:
            differing += 1
            print(f"{row['id']}: transformers {text!r}, ours {ours[row['id']]!r}")
        if compared == arguments.prompts:
            break
    print(f"{compared} prompts compared, {differing} differ")
    sys.exit(1 if differing or compared < arguments.prompts else 0)


main()
