"""Whole processes that merge checkpoints: mergekit-yaml against `mergevolve merge`.

Makes a Llama-shaped family of three models with random bfloat16 weights, merges it by linear and by ties with
both programs, and prints seconds and peak memory of each: all resident memory (as `time -v` counts it, with
mapped files), and the anonymous part of it, read from /proc every few milliseconds.

    python merge_files.py --mergevolve PATH [--gigabytes 1] [--no-mergekit]
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

import numpy

HIDDEN, MLP, VOCABULARY, HEADS = 2048, 5632, 32000, 16


def shapes(layers):
    yield "model.embed_tokens.weight", [VOCABULARY, HIDDEN]
    for layer in range(layers):
        prefix = f"model.layers.{layer}."
        for name in "qkvo":
            yield f"{prefix}self_attn.{name}_proj.weight", [HIDDEN, HIDDEN]
        yield prefix + "mlp.gate_proj.weight", [MLP, HIDDEN]
        yield prefix + "mlp.up_proj.weight", [MLP, HIDDEN]
        yield prefix + "mlp.down_proj.weight", [HIDDEN, MLP]
        yield prefix + "input_layernorm.weight", [HIDDEN]
        yield prefix + "post_attention_layernorm.weight", [HIDDEN]
    yield "model.norm.weight", [HIDDEN]
    yield "lm_head.weight", [VOCABULARY, HIDDEN]


def count(shape):
    return int(numpy.prod(shape))


def as_bfloat16(values):
    bits = values.astype(numpy.float32).view(numpy.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(numpy.uint16)


def write_model(folder, layers, model):
    """Weights are pieces of a pool of normal deviates, around the base's at the same places."""
    os.makedirs(folder)
    pool = 1 << 22
    numbers = numpy.random.default_rng(0).standard_normal(pool) * 0.03
    if model:
        numbers += numpy.random.default_rng(model).standard_normal(pool) * 0.005
    stored = memoryview(as_bfloat16(numbers).tobytes())
    header, offset = {}, 0
    for name, shape in shapes(layers):
        size = 2 * count(shape)
        header[name] = {"dtype": "BF16", "shape": shape, "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    places = numpy.random.default_rng(2)
    with open(f"{folder}/model.safetensors", "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for _, shape in shapes(layers):
            start, left = 2 * int(places.integers(pool)), 2 * count(shape)
            while left > 0:
                piece = stored[start : start + left]
                file.write(piece)
                start, left = 0, left - len(piece)
    config = {
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": HIDDEN,
        "intermediate_size": MLP, "num_hidden_layers": layers, "num_attention_heads": HEADS,
        "num_key_value_heads": HEADS, "vocab_size": VOCABULARY, "rms_norm_eps": 1e-5,
        "max_position_embeddings": 2048, "rope_theta": 10000.0, "hidden_act": "silu",
        "tie_word_embeddings": False, "torch_dtype": "bfloat16",
    }
    with open(f"{folder}/config.json", "w") as file:
        json.dump(config, file)
    return os.path.getsize(f"{folder}/model.safetensors")


def recipe(method, folder):
    names = [f"{folder}/m{model}" for model in range(3)]
    if method == "linear":
        lines = ["merge_method: linear", "models:"]
        lines += [f"- {{model: {name}, parameters: {{weight: 0.4}}}}" for name in names]
    else:
        lines = [f"merge_method: {method}", f"base_model: {names[0]}", "models:"]
        lines += [
            f"- {{model: {name}, parameters: {{weight: 0.4, density: 0.5}}}}" for name in names[1:]
        ]
    return "\n".join(lines + ["dtype: float32", "out_dtype: bfloat16"]) + "\n"


def anonymous_memory(pid):
    try:
        with open(f"/proc/{pid}/status") as file:
            for line in file:
                if line.startswith("RssAnon:"):
                    return int(line.split()[1]) / 1e6 * 1.024
    except OSError:
        pass
    return 0.0


def measure(command):
    """Seconds, peak resident gigabytes, peak anonymous gigabytes."""
    began = time.perf_counter()
    log = tempfile.TemporaryFile()
    process = subprocess.Popen(command, stdout=log, stderr=log)
    anonymous = 0.0
    while True:
        done, status, usage = os.wait4(process.pid, os.WNOHANG)
        if done:
            break
        anonymous = max(anonymous, anonymous_memory(process.pid))
        time.sleep(0.003)
    seconds = time.perf_counter() - began
    if status != 0:
        log.seek(0)
        sys.exit(f"{' '.join(command)} failed:\n{log.read().decode()[-2000:]}")
    return seconds, usage.ru_maxrss / 1e6 * 1.024, anonymous


def remove(folder):
    subprocess.run(["rm", "-rf", folder], check=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--mergevolve", required=True)
    parser.add_argument("--mergekit", default=os.path.join(os.path.dirname(sys.executable), "mergekit-yaml"))
    parser.add_argument("--gigabytes", type=float, default=1)
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--methods", default="linear,ties")
    parser.add_argument("--no-mergekit", action="store_true")
    arguments = parser.parse_args()
    fixed = sum(count(shape) for _, shape in shapes(0))
    per_layer = sum(count(shape) for _, shape in shapes(1)) - fixed
    layers = max(1, round((arguments.gigabytes * 5e8 - fixed) / per_layer))
    folder = tempfile.mkdtemp(prefix="merge-files-")
    try:
        sizes = [write_model(f"{folder}/m{model}", layers, model) for model in range(3)]
        print(f"3 models of {sizes[0] / 1e9:.2f} GB, {layers} layers, {os.cpu_count()} processors")
        for method in arguments.methods.split(","):
            with open(f"{folder}/recipe.yaml", "w") as file:
                file.write(recipe(method, folder))
            out = f"{folder}/out"
            commands = {"mergevolve": [arguments.mergevolve, "merge", f"{folder}/recipe.yaml", out]}
            if not arguments.no_mergekit:
                commands["mergekit"] = [
                    arguments.mergekit, f"{folder}/recipe.yaml", out, "--no-copy-tokenizer"]
            results = {name: [] for name in commands}
            for _ in range(arguments.repetitions):
                for name, command in commands.items():
                    results[name].append(measure(command))
                    remove(out)
            medians = {}
            for name, runs in results.items():
                seconds, resident, anonymous = (
                    statistics.median(run[0] for run in runs),
                    max(run[1] for run in runs),
                    max(run[2] for run in runs),
                )
                medians[name] = (seconds, resident, anonymous)
                print(
                    f"{method:8s} {name:11s} {seconds:7.2f} s   peak {resident:6.2f} GB resident, "
                    f"{anonymous:6.3f} GB anonymous", flush=True)
            if "mergekit" in medians:
                ours, theirs = medians["mergevolve"], medians["mergekit"]
                print(
                    f"{method:8s} mergevolve is {theirs[0] / ours[0]:.1f} times as fast (goal 5) with "
                    f"{ours[1] / theirs[1]:.2f} of the resident and {ours[2] / theirs[2]:.2f} of the "
                    f"anonymous memory (goal 0.25)", flush=True)
    finally:
        remove(folder)


if __name__ == "__main__":
    main()
