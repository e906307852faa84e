"""Speed of the evaluator on a model of 0.5B's shape with 100 four-choice items, 3 shots each, as ratios of one run:
multiply-adds per second over the GEMM library's peak; tokens per second over transformers; whole evaluation over
lm_eval with transformers.

    python Benchmarks/evaluate/family.py --shape 0.5b FAMILY
    python Benchmarks/evaluate/ratios.py FAMILY --mergevolve .build/release/mergevolve --gemm-bench …/gemm-bench

lm_eval computes every sequence on its own, so its time is proportional to the items; --peer-items says how many it
gets. Its model is loaded before the clock starts; of mergevolve the whole process counts. Rounds of both alternate, so
that what disturbs the machine disturbs both. Every ratio is also given in processor time, which other programs disturb
less.
"""

import argparse
import json
import os
import pathlib
import resource
import subprocess
import time

os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1", TOKENIZERS_PARALLELISM="false", TQDM_DISABLE="1")

import torch

BATCHES = [1, 4, 16]


class Stopwatch:
    """Seconds on the clock and of the processors since it was made, of this process and of those that ended."""

    def __init__(self):
        self.start = self.now()

    @staticmethod
    def now():
        used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        return time.perf_counter(), sum(usage.ru_utime + usage.ru_stime for usage in used)

    def read(self):
        return tuple(end - start for start, end in zip(self.start, self.now()))


def requests(folder):
    """Token ids of every request without the last, which is only predicted, and the number of scored tokens."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder / "base")
    read = lambda name: [json.loads(line) for line in (folder / f"{name}.jsonl").read_text().splitlines()]
    shots = "".join(f"{row['question']} {row['choices'][row['answer']]}\n\n" for row in read("shots"))
    found = []
    for row in read("test"):
        context = len(tokenizer(f"{shots}{row['question']}").input_ids)
        for choice in row["choices"]:
            ids = tokenizer(f"{shots}{row['question']} {choice}").input_ids
            found.append((ids[:-1], len(ids) - context))
    return found


def forest(found):
    """Lengths of the distinct prefixes, and which of them are followed by a token that is scored."""
    nodes, scored, lengths = {}, set(), []
    for ids, count in found:
        node = -1
        for place, token in enumerate(ids):
            known = nodes.get((node, token))
            if known is None:
                known = nodes[node, token] = len(nodes)
                lengths.append(place + 1)
            node = known
            if place >= len(ids) - count:
                scored.add(node)
    return lengths, scored


def multiply_adds(config, found):
    """Of the forward pass over distinct prefixes: matrices, attention over what each token sees, and the head.

    In the last layer nothing but queries, keys and values counts where no token is scored.
    """
    hidden, inner, layers = config["hidden_size"], config["intermediate_size"], config["num_hidden_layers"]
    heads, key_values, size = config["num_attention_heads"], config["num_key_value_heads"], config["head_dim"]
    lengths, scored = forest(found)
    projected = hidden * size * (heads + 2 * key_values)

    def rest(lengths):
        return len(lengths) * hidden * (heads * size + 3 * inner) + 2 * heads * size * sum(lengths)

    in_layers = layers * len(lengths) * projected + (layers - 1) * rest(lengths)
    scored_only = rest([lengths[node] for node in scored]) + len(scored) * hidden * config["vocab_size"]
    return len(lengths), in_layers + scored_only


def shapes(config):
    hidden, inner, size = config["hidden_size"], config["intermediate_size"], config["head_dim"]
    heads, key_values = config["num_attention_heads"], config["num_key_value_heads"]
    return [f"{(heads + 2 * key_values) * size}x{hidden}", f"{hidden}x{heads * size}", f"{2 * inner}x{hidden}", f"{hidden}x{inner}"]


def evaluate(mergevolve, folder, precision):
    """The program's own account, and seconds of the whole process."""
    command = [mergevolve, "evaluate", folder / "base", "--task", folder / "task.yaml", "--split", "all", "--json"]
    watch = Stopwatch()
    run = subprocess.run([*command, "--precision", precision], check=True, capture_output=True, text=True)
    return json.loads(run.stdout), watch.read()


def gemm_peaks(gemm_bench, config, precision):
    """Giga multiply-adds per second on the clock, and per second of all processors."""
    run = subprocess.run([gemm_bench, precision, *shapes(config)], check=True, capture_output=True, text=True)
    return [float(value) for value in run.stdout.split()[1:]]


@torch.inference_mode()
def transformers_rates(model, found, items, sizes):
    """Tokens per second of the best batch size, padding not counted: on the clock, and per processor second.

    One short call goes before each measurement, so that memory is there and threads are awake.
    """
    part = sorted((ids for ids, _ in found[: 4 * items]), key=len)
    best = (0.0, 0.0)
    for size in sizes:
        model(input_ids=torch.tensor([part[0]])).logits
        count, watch = 0, Stopwatch()
        for start in range(0, len(part), size):
            batch = part[start : start + size]
            length = max(map(len, batch))
            ids = torch.tensor([row + [0] * (length - len(row)) for row in batch])
            mask = torch.tensor([[1] * len(row) + [0] * (length - len(row)) for row in batch])
            model(input_ids=ids, attention_mask=mask).logits
            count += sum(map(len, batch))
        best = tuple(max(known, count / seconds) for known, seconds in zip(best, watch.read()))
    return best


def lm_eval_seconds(model, folder, items):
    """Seconds of the best batch size, on the clock and of the processors."""
    import lm_eval
    from lm_eval.models.huggingface import HFLM
    from lm_eval.tasks import TaskManager
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder / "base")
    best = (float("inf"), float("inf"))
    for size in BATCHES:
        wrapped = HFLM(pretrained=model, tokenizer=tokenizer, device="cpu", batch_size=size)
        manager = TaskManager(include_path=str(folder), include_defaults=False)
        watch = Stopwatch()
        lm_eval.simple_evaluate(
            model=wrapped, tasks=["four_choices"], task_manager=manager, limit=items, bootstrap_iters=0)
        best = tuple(map(min, best, watch.read()))
    return best


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--mergevolve", default=".build/release/mergevolve")
    parser.add_argument("--gemm-bench")
    parser.add_argument("--peer-items", type=int, default=4)
    parser.add_argument("--precisions", nargs="+", default=["f32", "bf16"])
    parser.add_argument(
        "--rounds", type=int, default=3,
        help="of our own evaluation, of the peak and of transformers, in turn; the best of each counts")
    parser.add_argument("--no-lm-eval", action="store_true")
    arguments = parser.parse_args()
    config = json.loads((arguments.folder / "base/config.json").read_text())
    found = requests(arguments.folder)
    items = len(found) // 4
    tokens, work = multiply_adds(config, found)
    whole, lm_eval = {}, {}
    for precision in arguments.precisions:
        from transformers import AutoModelForCausalLM

        dtype = torch.bfloat16 if precision == "bf16" else torch.float32
        model = AutoModelForCausalLM.from_pretrained(arguments.folder / "base", dtype=dtype).eval()
        runs, peaks, peers = [], [], []
        for _ in range(arguments.rounds):
            runs.append(evaluate(arguments.mergevolve, arguments.folder, precision))
            peers.append(transformers_rates(model, found, arguments.peer_items, BATCHES))
            if arguments.gemm_bench:
                peaks.append(gemm_peaks(arguments.gemm_bench, config, precision))
        result, _ = min(runs, key=lambda run: run[0]["speed"]["seconds"])
        assert result["computed_tokens"] == tokens, f"{result['computed_tokens']} tokens computed, not {tokens}"
        speed = result["speed"]
        whole[precision] = tuple(map(min, *(seconds for _, seconds in runs))) if len(runs) > 1 else runs[0][1]
        ours = speed["seconds"], whole[precision][1]
        rates = [work / seconds * 1e-9 for seconds in ours]
        saved = ", ".join(f"{task} {share:.1%}" for task, share in speed["saved_shares"].items())
        print(
            f"{precision}: {tokens} of {result['requested_tokens']} tokens computed in {ours[0]:.1f} s, "
            f"{rates[0]:.0f} G multiply-adds/s; saved by the forest: {saved}")
        print("   worker seconds: " + ", ".join(f"{k[:-15]} {v:.1f}" for k, v in speed.items() if k.endswith("worker_seconds")))
        if peaks:
            best = [max(column) for column in zip(*peaks)]
            print(
                f"   peak {best[0]:.0f} G multiply-adds/s: ratio {rates[0] / best[0]:.2f} "
                f"(processor time of the whole process: {rates[1] / best[1]:.2f})", flush=True)
        theirs = [max(column) for column in zip(*peers)]
        rounds = ", ".join(f"{tokens / run[0]['speed']['seconds'] / peer[0]:.2f}" for run, peer in zip(runs, peers))
        print(
            f"   transformers {theirs[0]:.0f} tokens/s, here {tokens / ours[0]:.0f}: ratio {tokens / ours[0] / theirs[0]:.2f}; "
            f"round by round {rounds} (processor time: {tokens / ours[1] / theirs[1]:.2f})", flush=True)
        if not arguments.no_lm_eval:
            seconds = lm_eval_seconds(model, arguments.folder, arguments.peer_items)
            lm_eval[precision] = tuple(value * items / arguments.peer_items for value in seconds)
            print(
                f"   lm_eval {seconds[0]:.1f} s for {arguments.peer_items} items, {lm_eval[precision][0]:.0f} s for {items}; "
                f"whole process here {whole[precision][0]:.1f} s", flush=True)
    if lm_eval:
        fastest = [min(column) for column in zip(*lm_eval.values())]
        for precision in whole:
            ratios = [theirs / mine for theirs, mine in zip(fastest, whole[precision])]
            print(
                f"whole evaluation, {precision} here against the faster of lm_eval's: ratio {ratios[0]:.1f} "
                f"(processor time: {ratios[1]:.1f})", flush=True)


if __name__ == "__main__":
    main()
