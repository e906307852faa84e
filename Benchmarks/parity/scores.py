"""Parity of scores: the demo family through lm-evaluation-harness and through `mergevolve evaluate`.

Every item of every benchmark: log-likelihoods within 1e-3 nats, the same answers (but where the two best choices
are closer than that), the same generated texts. Where `evaluate` has `--precision bf16`, that too is compared with
float32: accuracies, items that change sides, log-likelihoods.

    python3 Benchmarks/parity/scores.py --mergevolve .build/release/mergevolve --demo Datasets/demo

--without-lm-eval leaves the first comparison out and needs nothing but Python.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1", TOKENIZERS_PARALLELISM="false", TQDM_DISABLE="1")

MODELS = ["base", "expert-arith", "expert-numerals", "expert-letters"]
SKILLS = ["arith", "numerals", "letters", "wordmath"]
BENCHMARKS = [f"{s}_{k}" for k in ("mc", "gen") for s in SKILLS] + ["text_ppl"]
TOLERANCE = 1e-3

KINDS = {
    "mc": {
        "output_type": "multiple_choice", "doc_to_text": "{{question}}", "doc_to_choice": "choices",
        "doc_to_target": "answer", "metric_list": [{"metric": "acc"}, {"metric": "acc_norm"}]},
    "gen": {
        "output_type": "generate_until", "doc_to_text": "{{prompt}}", "doc_to_target": "{{target}}",
        "generation_kwargs": {"until": ["\n"], "do_sample": False, "max_gen_toks": 24},
        "filter_list": [{"name": "strip", "filter": [{"function": "remove_whitespace"}, {"function": "take_first"}]}],
        "metric_list": [{"metric": "exact_match"}]},
    "ppl": {
        "output_type": "loglikelihood_rolling", "doc_to_text": "", "doc_to_target": "{{text}}",
        "metric_list": [{"metric": "word_perplexity"}, {"metric": "byte_perplexity"}, {"metric": "bits_per_byte"}]},
}


def harness(demo: Path, model: str, limit: int | None, scratch: Path) -> dict[str, dict[str, dict]]:
    """lm-eval's samples, by benchmark and item."""
    try:
        import torch
        from lm_eval import simple_evaluate
        from lm_eval.tasks import TaskManager
    except ImportError as missing:
        sys.exit(
            f"{missing}: parity of scores needs lm-evaluation-harness\n"
            "  fix: peers/bin/pip install lm_eval==0.4.13 transformers, then PYTHON=peers/bin/python3")
    torch.set_num_threads(1)  # the models are small
    folder = scratch / "tasks"
    folder.mkdir(exist_ok=True)
    for name in BENCHMARKS:
        rows = [(demo / f"benchmarks/{name}.{split}.jsonl").read_text() for split in ("search", "validation", "test")]
        (folder / f"{name}.jsonl").write_text("".join(rows))
        config = {
            "task": f"parity_{name}", "dataset_path": "json", "test_split": "test", "num_fewshot": 0,
            "dataset_kwargs": {"data_files": {"test": str(folder / f"{name}.jsonl")}}, **KINDS[name.split("_")[1]]}
        # JSON is YAML.
        (folder / f"{name}.yaml").write_text(json.dumps(config))
    results = simple_evaluate(
        model="hf", model_args={"pretrained": str(demo / "models" / model), "dtype": "float32"},
        tasks=[f"parity_{name}" for name in BENCHMARKS], batch_size=256, device="cpu", limit=limit,
        task_manager=TaskManager(include_path=str(folder), include_defaults=False), log_samples=True,
        bootstrap_iters=0)
    return {
        name: {sample["doc"]["id"]: sample for sample in results["samples"][f"parity_{name}"]}
        for name in BENCHMARKS}


def ours(program: Path, demo: Path, model: str, scratch: Path, *options: str) -> dict[str, dict[str, dict]]:
    """Our samples, by benchmark and item."""
    samples = scratch / f"{model}{''.join(options)}.jsonl"
    command = [program, "evaluate", demo / "models" / model, "--split", "all", "--decode", "unproved"]
    command += ["--samples", samples, *options, "--task", *(demo / f"{name}.yaml" for name in BENCHMARKS)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"mergevolve exited {done.returncode}: {done.stderr.strip()}")
    items: dict[str, dict[str, dict]] = {name: {} for name in BENCHMARKS}
    for line in samples.read_text().splitlines():
        record = json.loads(line)
        items[record["task"]][record["id"]] = record
    return items


def nats(sample: dict) -> list[float]:
    return [float(response[0][0] if isinstance(response[0], (list, tuple)) else response[0]) for response in sample["resps"]]


def is_close_call(values: list[float]) -> bool:
    best = sorted(values, reverse=True)
    return len(best) > 1 and best[0] - best[1] < TOLERANCE


def normalized(sample: dict, values: list[float]) -> list[float]:
    return [value / max(1, len(choice)) for value, choice in zip(values, sample["doc"]["choices"])]


def compare(theirs: dict[str, dict], mine: dict[str, dict], kind: str) -> dict:
    """Counts of what differs over the items that both have."""
    found = {"items": 0, "different": 0, "close": 0, "largest": 0.0, "sum": 0.0, "requests": 0, "flips": 0}
    for item, theirs_sample in theirs.items():
        mine_sample = mine[item]
        found["items"] += 1
        if kind == "gen":
            text = theirs_sample["resps"][0][0]
            same = text == mine_sample["resps"][0][0]
            same = same and theirs_sample["exact_match"] == mine_sample["exact_match"]
            found["flips"] += theirs_sample["exact_match"] != mine_sample["exact_match"]
            found["different"] += not same
            continue
        left, right = nats(theirs_sample), nats(mine_sample)
        differences = [abs(a - b) for a, b in zip(left, right, strict=True)]
        found["largest"] = max(found["largest"], *differences)
        found["sum"] += sum(differences)
        found["requests"] += len(differences)
        if kind == "mc":
            for metric, values in (("acc", left), ("acc_norm", normalized(theirs_sample, left))):
                if theirs_sample[metric] == mine_sample[metric]:
                    continue
                found["flips"] += metric == "acc"
                found["close" if is_close_call(values) else "different"] += 1
    return found


def accuracy(samples: dict[str, dict], kind: str) -> float:
    values = [sample["acc" if kind == "mc" else "exact_match"] for sample in samples.values()]
    return sum(values) / len(values)


def report_harness(model: str, theirs: dict[str, dict], mine: dict[str, dict]) -> int:
    """Prints lm-eval beside float32; returns the number of benchmarks that disagree."""
    failures = 0
    print(f"{model}: lm-eval and mergevolve, float32")
    print("  benchmark      items  different  close calls  largest difference in nats")
    for name in BENCHMARKS:
        kind = name.split("_")[1]
        found = compare(theirs[name], mine[name], kind)
        failures += found["different"] > 0 or found["largest"] > TOLERANCE
        largest = "-" if kind == "gen" else f"{found['largest']:.2e}"
        print(f"  {name:<13} {found['items']:6} {found['different']:10} {found['close']:12}  {largest}", flush=True)
    return failures


def report_precisions(model: str, fine: dict[str, dict], coarse: dict[str, dict], totals: dict) -> None:
    """Prints bf16 beside float32 and adds to the totals over all models."""
    print(f"{model}: mergevolve, bf16 and float32")
    print("  benchmark      items  flips  accuracy f32  bf16    mean difference in nats")
    for name in BENCHMARKS:
        kind = name.split("_")[1]
        found = compare(fine[name], coarse[name], kind)
        scores, difference = "     -       -   ", "-"
        if kind != "gen":
            difference = f"{found['sum'] / found['requests']:.2e}"
            totals["sum"] += found["sum"]
            totals["requests"] += found["requests"]
        if kind != "ppl":
            pair = accuracy(fine[name], kind), accuracy(coarse[name], kind)
            totals["f32"] += pair[0] * found["items"]
            totals["bf16"] += pair[1] * found["items"]
            totals["items"] += found["items"]
            totals["flips"] += found["flips"]
            scores = f"     {pair[0]:.4f}  {pair[1]:.4f}"
        print(f"  {name:<13} {found['items']:6} {found['flips']:6}  {scores}  {difference}", flush=True)


def has_precision(program: Path) -> bool:
    return "--precision" in subprocess.run([program, "evaluate", "--help"], capture_output=True, text=True).stdout


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mergevolve", type=Path, required=True)
    parser.add_argument("--demo", type=Path, default=Path("Datasets/demo"))
    parser.add_argument("--models", nargs="+", default=MODELS)
    parser.add_argument("--limit", type=int, help="only the first items of every benchmark")
    parser.add_argument("--without-lm-eval", action="store_true", help="only bf16 against float32")
    arguments = parser.parse_args()
    demo = arguments.demo.absolute()
    failures = 0
    precise = has_precision(arguments.mergevolve)
    totals = dict.fromkeys(["items", "flips", "f32", "bf16", "sum", "requests"], 0)
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        for model in arguments.models:
            f32 = ["--precision", "f32"] if precise else []
            mine = ours(arguments.mergevolve, demo, model, scratch, *f32)
            if not arguments.without_lm_eval:
                failures += report_harness(model, harness(demo, model, arguments.limit, scratch), mine)
            if not precise:
                continue
            try:
                coarse = ours(arguments.mergevolve, demo, model, scratch, "--precision", "bf16")
            except RuntimeError as refused:
                print(f"  bf16: {refused}")
                precise = False
                continue
            report_precisions(model, mine, coarse, totals)
    if totals["requests"]:
        f32, bf16 = totals["f32"] / totals["items"], totals["bf16"] / totals["items"]
        print(
            f"bf16 and float32, all models and benchmarks: {totals['items']} items, {totals['flips']} flips; mean accuracy "
            f"f32 {f32:.4f}, bf16 {bf16:.4f}, difference {100 * (bf16 - f32):+.2f} points (at most 0.5); mean difference "
            f"{totals['sum'] / totals['requests']:.2e} nats over {totals['requests']} log-likelihoods")
        failures += abs(bf16 - f32) > 0.005
    print("all agree" if failures == 0 else f"{failures} comparisons disagree")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
