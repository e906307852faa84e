"""Searches one generation of a family of large models with little memory, and measures the anonymous memory from outside.

    python Benchmarks/evaluate/family.py --shape 4gb --models 3 --items 4 FAMILY
    python Benchmarks/evaluate/memory.py FAMILY --mergevolve .build/release/mergevolve

Runs the search with evaluation.memory 2GB until its first generation is closed, then the same with --more, and
compares the results of all candidates.
"""

import argparse
import json
import pathlib
import signal
import sqlite3
import subprocess
import time


def search_file(folder, memory):
    experts = sorted(path.name for path in folder.iterdir() if path.name.startswith("expert"))
    lines = "".join(f"    {name}: {folder.resolve()}/{name}\n" for name in experts)
    for split in ["search", "validation", "test"]:
        # The splits are disjoint in a real search; here they only have to be there.
        rows = [json.loads(line) for line in (folder / "test.jsonl").read_text().splitlines()]
        for row in rows:
            row["question"] = f"{split}: {row['question']}"
        (folder / f"{split}_items.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "choices.yaml").write_text(
        """task: choices
kind: multiple_choice
splits: {search: search_items.jsonl, validation: validation_items.jsonl, test: test_items.jsonl}
prompt: "{{question}}"
choices: "{{choices}}"
answer: "{{answer}}"
metrics: [acc]
"""
    )
    path = folder / f"search-{memory}.yaml"
    path.write_text(
        f"""name: large
models:
  base: {folder.resolve()}/base
  experts:
{lines}space: {{method: task_arithmetic, profile: global, weight: {{range: [0, 1], start: 0.5}}}}
tasks: [{{file: choices.yaml}}]
search: {{algorithm: cma-es, evaluations: 60, seed: 1, population: 4}}
evaluation: {{memory: {memory}, precision: auto}}
store: store-{memory}.sqlite
"""
    )
    return path


def anonymous(pid):
    try:
        for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("RssAnon:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


def closed_generations(store):
    try:
        with sqlite3.connect(f"file:{store}?mode=ro", uri=True) as connection:
            return connection.execute("select count(*) from event where kind = 'generation'").fetchone()[0]
    except sqlite3.Error:
        return 0


def run(mergevolve, folder, memory):
    path = search_file(folder, memory)
    store = folder / f"store-{memory}.sqlite"
    with open(folder / f"log-{memory}.txt", "w") as log:
        process = subprocess.Popen([mergevolve, "search", str(path)], stdout=log, stderr=log)
        peak, looks, began = 0, 0, time.perf_counter()
        while process.poll() is None:
            peak = max(peak, anonymous(process.pid))
            looks += 1
            if looks % 100 == 0 and store.exists() and closed_generations(store) > 0:
                process.send_signal(signal.SIGINT)
            time.sleep(0.01)
    print(f"evaluation.memory {memory}: peak RssAnon {peak / 1e6:.0f} MB in {looks} looks, {time.perf_counter() - began:.0f} s", flush=True)
    with sqlite3.connect(store) as connection:
        rows = connection.execute(
            "select e.candidate, e.score, hex(r.items) from evaluation e join item_result r using (candidate, split, precision, decode, mask_seed) "
            "where e.candidate in (select id from candidate where kind in ('search', 'base', 'expert', 'simple')) and split = 'search' order by 1"
        ).fetchall()
    return peak, rows


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--mergevolve", default=".build/release/mergevolve")
    parser.add_argument("--more", default="6GB")
    arguments = parser.parse_args()
    little, first = run(arguments.mergevolve, arguments.folder, "2GB")
    _, second = run(arguments.mergevolve, arguments.folder, arguments.more)
    common = min(len(first), len(second))
    print(f"{'within' if little <= 2e9 else 'BEYOND'} the setting; {common} candidates, results {'equal' if first[:common] == second[:common] else 'DIFFER'}")


if __name__ == "__main__":
    main()
