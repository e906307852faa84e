"""Speed of the evaluator on a model of 0.5B's shape with 100 four-choice items, 3 shots each, as ratios of one run:
multiply-adds per second over the GEMM library's peak; whole evaluation over lm_eval with transformers; tokens per
second over transformers.

    python Benchmarks/evaluate/family.py --shape 0.5b FAMILY
    python Benchmarks/evaluate/ratios.py FAMILY --mergevolve .build/release/mergevolve --gemm-bench …/gemm-bench

lm_eval computes every sequence on its own, so its time is proportional to the items; --peer-items says how many it
gets.
"""

import argparse
import json
import pathlib
import subprocess
import time

import torch


def multiply_adds(config, task):
    """Of one forward pass: all matrices for every computed token, the head for the probed ones, attention over half
    of the mean context."""
    hidden, inner, layers = config["hidden_size"], config["intermediate_size"], config["num_hidden_layers"]
    heads, key_values, size = config["num_attention_heads"], config["num_key_value_heads"], config["head_dim"]
    matrices = layers * (hidden * size * (2 * heads + 2 * key_values) + 3 * hidden * inner)
    return matrices


def shapes(config):
    hidden, inner, size = config["hidden_size"], config["intermediate_size"], config["head_dim"]
    heads, key_values = config["num_attention_heads"], config["num_key_value_heads"]
    return [f"{(heads + 2 * key_values) * size}x{hidden}", f"{hidden}x{heads * size}", f"{2 * inner}x{hidden}", f"{hidden}x{inner}"]


def evaluate(mergevolve, model, task, precision):
    command = [mergevolve, "evaluate", str(model), "--task", str(task), "--split", "all", "--json", "--precision", precision]
    began = time.perf_counter()
    run = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(run.stdout), time.perf_counter() - began


def peer_requests(folder, items):
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder / "base")
    read = lambda name: [json.loads(line) for line in (folder / f"{name}.jsonl").read_text().splitlines()]
    shots = "".join(f"{row['question']} {row['choices'][row['answer']]}\n\n" for row in read("shots"))
    found = []
    for row in read("test")[:items]:
        for choice in row["choices"]:
            found.append(tokenizer(f"{shots}{row['question']} {choice}").input_ids[:-1])
    return sorted(found, key=len)


@torch.inference_mode()
def transformers_rate(folder, items, dtype):
    """Tokens per second of the best batch size, padding not counted."""
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(folder / "base", dtype=dtype).eval()
    found = peer_requests(folder, items)
    best = 0
    for size in [1, 4, 16]:
        part = found[: min(len(found), max(size, 4))]
        count, seconds = 0, 0.0
        for start in range(0, len(part), size):
            batch = part[start : start + size]
            length = max(map(len, batch))
            ids = torch.tensor([row + [0] * (length - len(row)) for row in batch])
            mask = torch.tensor([[1] * len(row) + [0] * (length - len(row)) for row in batch])
            began = time.perf_counter()
            model(input_ids=ids, attention_mask=mask).logits
            seconds += time.perf_counter() - began
            count += sum(map(len, batch))
        best = max(best, count / seconds)
    return best


def lm_eval_seconds(folder, items, dtype, batch):
    import lm_eval
    from lm_eval.models.huggingface import HFLM
    from lm_eval.tasks import TaskManager

    model = HFLM(pretrained=str(folder / "base"), dtype=dtype, device="cpu", batch_size=batch)
    manager = TaskManager(include_path=str(folder), include_defaults=False)
    began = time.perf_counter()
    results = lm_eval.simple_evaluate(model=model, tasks=["four_choices"], task_manager=manager, limit=items, bootstrap_iters=0)
    return time.perf_counter() - began, results["results"]["four_choices"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--mergevolve", default=".build/release/mergevolve")
    parser.add_argument("--gemm-bench")
    parser.add_argument("--peer-items", type=int, default=4)
    parser.add_argument("--precisions", nargs="+", default=["f32", "bf16"])
    arguments = parser.parse_args()
    config = json.loads((arguments.folder / "base/config.json").read_text())
    total = len((arguments.folder / "test.jsonl").read_text().splitlines())
    for precision in arguments.precisions:
        result, whole = evaluate(arguments.mergevolve, arguments.folder / "base", arguments.folder / "task.yaml", precision)
        speed, tokens = result["speed"], result["computed_tokens"]
        rate = multiply_adds(config, None) * tokens / speed["seconds"] * 1e-9
        print(f"{precision}: {tokens} of {result['requested_tokens']} tokens computed in {speed['seconds']:.1f} s, {rate:.0f} G multiply-adds/s (layers' matrices only)")
        print("   worker seconds: " + ", ".join(f"{k[:-15]} {v:.1f}" for k, v in speed.items() if k.endswith("worker_seconds")))
        if arguments.gemm_bench:
            peaks = subprocess.run([arguments.gemm_bench, *shapes(config)], check=True, capture_output=True, text=True).stdout
            peak = dict(line.split() for line in peaks.splitlines())[precision]
            print(f"   peak {float(peak):.0f} G multiply-adds/s, ratio {rate / float(peak):.2f}")
        dtype = torch.bfloat16 if precision == "bf16" else torch.float32
        theirs = transformers_rate(arguments.folder, arguments.peer_items, dtype)
        print(f"   transformers {theirs:.0f} tokens/s, here {tokens / speed['seconds']:.0f}, ratio {tokens / speed['seconds'] / theirs:.2f}", flush=True)
        seconds, _ = lm_eval_seconds(arguments.folder, arguments.peer_items, str(dtype).split(".")[1], 4)
        scaled = seconds * total / arguments.peer_items
        print(f"   lm_eval {seconds:.1f} s for {arguments.peer_items} items, {scaled:.0f} s for {total}; whole process here {whole:.1f} s, ratio {scaled / whole:.1f}", flush=True)


if __name__ == "__main__":
    main()
