"""Candidates per hour on the demo family's headline set: a search of mergevolve, a loop that merges and scores in one
torch process, and mergekit to disk followed by lm_eval, in one run.

    python Benchmarks/evaluate/resident.py --mergevolve .build/release/mergevolve [--lm-eval]

The torch loop holds all models, merges task arithmetic in place and scores the four generation benchmarks by teacher
forcing, the head at the targets only, with the batch size that suits it best. Reading and tokenizing are left out
for torch; mergevolve's figure is that of whole waves, with merging, answers and results.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
import time

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

ROOT = pathlib.Path(__file__).resolve().parents[2]
DEMO = ROOT / "Datasets/demo"
TASKS = ["arith_gen", "numerals_gen", "letters_gen", "wordmath_gen"]
EXPERTS = ["arith", "numerals", "letters"]


def sequences():
    """Prompt and target ids of every item."""
    tokenizer = AutoTokenizer.from_pretrained(DEMO / "models/base")
    found = []
    for task in TASKS:
        for line in (DEMO / f"benchmarks/{task}.search.jsonl").read_text().splitlines():
            row = json.loads(line)
            prompt = tokenizer(row["prompt"]).input_ids
            whole = tokenizer(row["prompt"] + " " + row["target"]).input_ids + [tokenizer.eos_token_id]
            found.append((whole, len(prompt)))
    return sorted(found, key=lambda pair: len(pair[0]))


class TorchLoop:
    def __init__(self, dtype):
        load = lambda name: AutoModelForCausalLM.from_pretrained(DEMO / f"models/{name}", dtype=torch.float32)
        self.base = {name: value.detach().clone() for name, value in load("base").named_parameters()}
        self.deltas = []
        for expert in EXPERTS:
            values = dict(load(f"expert-{expert}").named_parameters())
            self.deltas.append({name: values[name].detach() - self.base[name] for name in self.base})
        self.model = AutoModelForCausalLM.from_pretrained(DEMO / "models/base", dtype=dtype).eval()

    @torch.inference_mode()
    def merge(self, weights):
        for name, parameter in self.model.named_parameters():
            merged = self.base[name].clone()
            for weight, delta in zip(weights, self.deltas):
                merged.add_(delta[name], alpha=weight)
            parameter.copy_(merged.to(torch.bfloat16))

    @torch.inference_mode()
    def hits(self, batches):
        hits = 0
        for ids, mask, rows, columns, targets, counts in batches:
            hidden = self.model.model(input_ids=ids, attention_mask=mask).last_hidden_state[rows, columns]
            best = self.model.lm_head(hidden).argmax(-1)
            right = (best == targets).split(counts)
            hits += sum(bool(part.all()) for part in right)
        return hits


def batches(found, size):
    made = []
    for start in range(0, len(found), size):
        part = found[start : start + size]
        length = max(len(ids) for ids, _ in part) - 1
        ids = torch.zeros(len(part), length, dtype=torch.long)
        mask = torch.zeros(len(part), length, dtype=torch.long)
        rows, columns, targets, counts = [], [], [], []
        for row, (tokens, prompt) in enumerate(part):
            ids[row, : len(tokens) - 1] = torch.tensor(tokens[:-1])
            mask[row, : len(tokens) - 1] = 1
            for place in range(prompt, len(tokens)):
                rows.append(row)
                columns.append(place - 1)
                targets.append(tokens[place])
            counts.append(len(tokens) - prompt)
        made.append((ids, mask, torch.tensor(rows), torch.tensor(columns), torch.tensor(targets), counts))
    return made


def torch_seconds(dtype):
    loop = TorchLoop(dtype)
    found = sequences()
    best = None
    for size in [25, 50, 100, 200, 400]:
        prepared = batches(found, size)
        loop.merge([0.7, 0.7, 0.7])
        loop.hits(prepared)
        for round in range(3):
            began = time.perf_counter()
            loop.merge([0.6 + 0.01 * round, 0.7, 0.8])
            hits = loop.hits(prepared)
            seconds = time.perf_counter() - began
            if best is None or seconds < best[0]:
                best = (seconds, size, hits / len(found))
    return best


def search_speed(mergevolve, precision, folder, evaluations):
    text = (ROOT / "Searches/demo.yaml").read_text().replace("../", f"{ROOT}/")
    lines = [line for line in text.splitlines() if not line.startswith(("evaluation:", "store:"))]
    lines += [f"evaluation: {{precision: {precision}, racing: false, subset: none}}", f"store: {folder}/{precision}.sqlite"]
    search = pathlib.Path(folder) / f"{precision}.yaml"
    search.write_text("\n".join(lines) + "\n")
    process = subprocess.Popen(
        [mergevolve, "search", str(search), "--evaluations", str(evaluations)], stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL)  # fmt: skip
    process.wait()
    status = subprocess.run([mergevolve, "status", f"{folder}/{precision}.sqlite", "--json"], capture_output=True, text=True, check=True)
    return json.loads(status.stdout)["speed"]


def saved_shares(mergevolve):
    """Share of the tokens asked for that the forest spares, by task: the search items of all nine benchmarks."""
    tasks = sorted(DEMO.glob("*.yaml"))
    run = subprocess.run(
        [mergevolve, "evaluate", DEMO / "models/base", "--split", "search", "--decode", "never", "--json", "--task", *tasks],
        capture_output=True, text=True, check=True)  # fmt: skip
    return json.loads(run.stdout)["speed"]["saved_shares"]


def lm_eval_seconds(folder):
    """One candidate: mergekit writes it, lm_eval generates the answers of the four benchmarks."""
    folder = pathlib.Path(folder)
    recipe = folder / "recipe.yaml"
    models = "".join(f"  - {{model: {DEMO}/models/expert-{name}, parameters: {{weight: 0.7}}}}\n" for name in EXPERTS)
    recipe.write_text(
        f"merge_method: task_arithmetic\nbase_model: {DEMO}/models/base\nmodels:\n{models}dtype: float32\nout_dtype: bfloat16\n"
    )
    for task in TASKS:
        (folder / f"{task}_lm.yaml").write_text(
            f"""task: {task}_lm
dataset_path: json
dataset_kwargs: {{data_files: {{test: {DEMO}/benchmarks/{task}.search.jsonl}}}}
test_split: test
output_type: generate_until
doc_to_text: "{{{{prompt}}}}"
doc_to_target: "{{{{target}}}}"
generation_kwargs: {{until: ["\\n"], max_gen_toks: 24, do_sample: false}}
filter_list: [{{name: stripped, filter: [{{function: remove_whitespace}}, {{function: take_first}}]}}]
metric_list: [{{metric: exact_match, aggregation: mean, higher_is_better: true}}]
"""
        )
    binaries = pathlib.Path(sys.executable).parent
    began = time.perf_counter()
    subprocess.run([binaries / "mergekit-yaml", recipe, folder / "merged"], check=True, capture_output=True)
    merged = time.perf_counter()
    names = ",".join(f"{task}_lm" for task in TASKS)
    subprocess.run(
        [binaries / "lm_eval", "--model", "hf", "--model_args", f"pretrained={folder}/merged,dtype=bfloat16", "--tasks",
         names, "--include_path", folder, "--device", "cpu", "--batch_size", "200"],
        check=True, capture_output=True)  # fmt: skip
    return merged - began, time.perf_counter() - merged


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mergevolve", default=".build/release/mergevolve")
    parser.add_argument("--evaluations", type=int, default=120)
    parser.add_argument("--lm-eval", action="store_true")
    arguments = parser.parse_args()
    shares = ", ".join(f"{task} {share:.0%}" for task, share in saved_shares(arguments.mergevolve).items())
    print(f"tokens saved by the forest: {shares}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        ours = {}
        for precision, dtype in [("f32", torch.float32), ("bf16", torch.bfloat16)]:
            seconds, size, score = torch_seconds(dtype)
            ours[precision] = search_speed(arguments.mergevolve, precision, folder, arguments.evaluations)
            mine = ours[precision]["seconds_per_candidate"]
            parts = ", ".join(f"{name[:-8]} {value:.4f}" for name, value in ours[precision]["parts"].items())
            print(
                f"{precision}: torch {seconds:.4f} s a candidate (batches of {size}, score {score:.4f}), mergevolve "
                f"{mine:.4f} s ({parts}; peak {ours[precision]['peak_anonymous_bytes'] / 1e6:.0f} MB): "
                f"{3600 / mine:,.0f} candidates/h, ratio {seconds / mine:.2f}", flush=True)  # fmt: skip
        if arguments.lm_eval:
            merging, scoring = lm_eval_seconds(folder)
            for precision, speed in ours.items():
                mine = speed["seconds_per_candidate"]
                print(
                    f"merge to disk {merging:.1f} s + lm_eval {scoring:.1f} s a candidate: mergevolve {precision} ratio "
                    f"{(merging + scoring) / mine:.1f}")  # fmt: skip


if __name__ == "__main__":
    main()
