"""Scores the demo family's search set with transformers in float32 by teacher forcing.

The peer of `mergevolve evaluate --split search --decode never`: an item is a hit when every token of the target
and the stop token after it is the argmax. Prints one JSON object: items, exact match per task, seconds per pass.

    python Benchmarks/peers/score_transformers.py Datasets/demo/models/expert-numerals
"""

import argparse
import json
import pathlib
import time

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

TASKS = ["arith_gen", "numerals_gen", "letters_gen", "wordmath_gen"]


def sequences(tokenizer, benchmarks, stop):
    """(task, tokens of prompt and target and stop, index of the first scored token) of every item."""
    for task in TASKS:
        path = benchmarks / f"{task}.search.jsonl"
        for line in path.read_text().splitlines():
            row = json.loads(line)
            context = tokenizer(row["prompt"])["input_ids"]
            whole = tokenizer(f"{row['prompt']} {row['target']}")["input_ids"]
            yield task, whole + [stop], len(context)


@torch.inference_mode()
def score(model, items, batch_size):
    order = sorted(range(len(items)), key=lambda index: len(items[index][1]))
    hits = [False] * len(items)
    for start in range(0, len(order), batch_size):
        batch = [items[index] for index in order[start : start + batch_size]]
        length = max(len(tokens) for _, tokens, _ in batch)
        ids = torch.zeros(len(batch), length, dtype=torch.long)
        for row, (_, tokens, _) in enumerate(batch):
            ids[row, : len(tokens)] = torch.tensor(tokens)
        best = model(ids, use_cache=False).logits.argmax(-1)
        for row, (_, tokens, first) in enumerate(batch):
            expected = torch.tensor(tokens[first:])
            predicted = best[row, first - 1 : len(tokens) - 1]
            hits[order[start + row]] = bool((expected == predicted).all())
    return hits


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("--benchmarks", default="Datasets/demo/benchmarks", type=pathlib.Path)
    parser.add_argument("--repetitions", default=5, type=int)
    arguments = parser.parse_args()
    tokenizer = AutoTokenizer.from_pretrained(arguments.model)
    model = AutoModelForCausalLM.from_pretrained(arguments.model, dtype=torch.float32).eval()
    items = list(sequences(tokenizer, arguments.benchmarks, tokenizer.eos_token_id))
    best = None
    for batch_size in (32, 64, 128, 256):
        score(model, items, batch_size)
        for _ in range(arguments.repetitions):
            began = time.perf_counter()
            hits = score(model, items, batch_size)
            seconds = time.perf_counter() - began
            if best is None or seconds < best[0]:
                best = (seconds, batch_size)
    names = [task for task, _, _ in items]
    print(
        json.dumps(
            {
                "items": len(items),
                "tokens": sum(len(tokens) for _, tokens, _ in items),
                "threads": torch.get_num_threads(),
                "batch_size": best[1],
                "seconds": round(best[0], 4),
                "exact_match": {
                    task: sum(hit for hit, name in zip(hits, names) if name == task)
                    / names.count(task)
                    for task in TASKS
                },
            }
        )
    )


main()
