"""Writes a family of models with random weights, and four-choice items with 3-shot prompts, for measurements.

    python Benchmarks/evaluate/family.py --shape 0.5b --models 1 OUT      # Qwen2.5-0.5B's sizes, vocabulary 32,000
    python Benchmarks/evaluate/family.py --shape 4gb --models 3 --items 4 OUT

OUT gets base/, expert-1/ …, task.yaml (which mergevolve and lm_eval both read) and its data. The tokenizer and the
texts are those of the demo family.
"""

import argparse
import json
import pathlib
import random
import shutil
import struct

import torch

SHAPES = {
    # hidden, intermediate, layers, heads, key-value heads, head size
    "0.5b": (896, 4864, 24, 14, 2, 64),
    "4gb": (2560, 8960, 24, 20, 4, 128),
}
DEMO = pathlib.Path(__file__).resolve().parents[2] / "Datasets/demo"


def tensors(shape, vocabulary):
    hidden, intermediate, layers, heads, key_values, size = SHAPES[shape]
    yield "model.embed_tokens.weight", [vocabulary, hidden]
    for layer in range(layers):
        prefix = f"model.layers.{layer}."
        yield prefix + "input_layernorm.weight", [hidden]
        yield prefix + "mlp.down_proj.weight", [hidden, intermediate]
        yield prefix + "mlp.gate_proj.weight", [intermediate, hidden]
        yield prefix + "mlp.up_proj.weight", [intermediate, hidden]
        yield prefix + "post_attention_layernorm.weight", [hidden]
        yield prefix + "self_attn.k_proj.weight", [key_values * size, hidden]
        yield prefix + "self_attn.o_proj.weight", [hidden, heads * size]
        yield prefix + "self_attn.q_proj.weight", [heads * size, hidden]
        yield prefix + "self_attn.v_proj.weight", [key_values * size, hidden]
    yield "model.norm.weight", [hidden]


def write_model(folder, shape, vocabulary, seed, base_seed):
    """All matrices are cut from two blocks of random numbers, the family's and the model's own: quick, and all
    that a measurement needs."""
    hidden, intermediate, layers, heads, key_values, size = SHAPES[shape]
    folder.mkdir(parents=True)
    own = torch.randn(1 << 24, generator=torch.Generator().manual_seed(seed)) * 0.002
    common = torch.randn(1 << 24, generator=torch.Generator().manual_seed(base_seed)) * 0.02
    block = (common + own).to(torch.bfloat16)
    header, offset = {}, 0
    for name, dimensions in tensors(shape, vocabulary):
        count = 2 * torch.Size(dimensions).numel()
        header[name] = {"dtype": "BF16", "shape": dimensions, "data_offsets": [offset, offset + count]}
        offset += count
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    place = random.Random(base_seed)
    with open(folder / "model.safetensors", "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for name, dimensions in tensors(shape, vocabulary):
            count = torch.Size(dimensions).numel()
            if len(dimensions) == 1:
                file.write(torch.ones(count, dtype=torch.bfloat16).view(torch.int16).numpy().tobytes())
                continue
            start = place.randrange(1 << 23)
            while count > 0:
                part = block[start : start + count]
                file.write(part.view(torch.int16).numpy().tobytes())
                count -= len(part)
                start = place.randrange(1 << 23)
    config = {
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": hidden,
        "intermediate_size": intermediate, "num_hidden_layers": layers, "num_attention_heads": heads,
        "num_key_value_heads": key_values, "head_dim": size, "vocab_size": vocabulary, "rms_norm_eps": 1e-6,
        "max_position_embeddings": 4096, "rope_theta": 10000.0, "hidden_act": "silu", "tie_word_embeddings": True,
        "torch_dtype": "bfloat16", "bos_token_id": 1, "eos_token_id": 2,
    }  # fmt: skip
    (folder / "config.json").write_text(json.dumps(config, indent=2))
    for file in ["tokenizer.json", "tokenizer_config.json"]:
        shutil.copy(DEMO / "models/base" / file, folder)


def write_task(folder, items):
    """Each question is a story and its first sentence without the last word; the choices are words."""
    lines = (DEMO / "benchmarks/text_ppl.test.jsonl").read_text().splitlines()
    lines += (DEMO / "benchmarks/text_ppl.search.jsonl").read_text().splitlines()
    stories = [json.loads(line)["text"] for line in lines]
    words = sorted({word for story in stories for word in story.strip(".").split()})
    draw = random.Random(1)
    rows = []
    for index in range(items + 3):
        story = " ".join(draw.sample(stories, 2))
        choices = draw.sample(words, 4)
        rows.append({"question": f"{story} Question {index}: which word?", "choices": choices, "answer": index % 4})
    for name, part in {"test": rows[3:], "shots": rows[:3]}.items():
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in part))
    (folder / "task.yaml").write_text(
        f"""task: four_choices
dataset_path: json
dataset_kwargs: {{data_files: {{test: {folder.resolve()}/test.jsonl, train: {folder.resolve()}/shots.jsonl}}}}
test_split: test
fewshot_split: train
num_fewshot: 3
fewshot_config: {{sampler: first_n}}
output_type: multiple_choice
doc_to_text: "{{{{question}}}}"
doc_to_choice: "{{{{choices}}}}"
doc_to_target: "{{{{answer}}}}"
metric_list:
  - {{metric: acc, aggregation: mean, higher_is_better: true}}
"""
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shape", choices=SHAPES, default="0.5b")
    parser.add_argument("--models", type=int, default=1)
    parser.add_argument("--items", type=int, default=100)
    parser.add_argument("--vocabulary", type=int, default=32_000)
    parser.add_argument("output", type=pathlib.Path)
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    for index in range(arguments.models):
        name = f"expert-{index}" if index else "base"
        write_model(arguments.output / name, arguments.shape, arguments.vocabulary, 100 + index, 7)
    write_task(arguments.output, arguments.items)


if __name__ == "__main__":
    main()
