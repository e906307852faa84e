"""What lm-evaluation-harness makes of task files: prompts, filtered answers and metrics, into a golden file.

    python Benchmarks/parity/tasks.py Tests/TasksTests/Golden/harness.jsonl

No model runs: log-likelihoods are a made-up function of the request, generated texts are listed with the case.
"""

import json
import os
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

import jinja2
import yaml
from lm_eval.api.metrics import mean_stderr
from lm_eval.api.task import ConfigurableTask
from templates import CHATS
from transformers.utils.chat_template_utils import render_jinja_template

ARC = [
    {"id": f"q{i}", "question": q, "choices": {"text": t, "label": list("ABCD")[: len(t)]}, "answerKey": k, "topic": topic}
    for i, (q, t, k, topic) in enumerate([
        ("Which is a metal?", ["wood", "iron", "paper", "glass"], "B", "matter"),
        ("What melts ice?  ", ["heat", "cold"], "A", "matter"),
        ("Größte Zahl?", ["1", "2", "3"], "C", "maths"),
        ("Which falls?", ["up", "a stone", "é", "a very long answer indeed"], "D", "motion"),
        ("Which is a metal?", ["wood", "iron", "paper", "glass"], "B", "matter"),
        ("Last?", ["x", "y"], "B", "maths"),
    ])
]
WINO = [
    {"sentence": "The trophy does not fit in the case because _ is large.", "option1": "the trophy", "option2": "the case", "answer": "1"},
    {"sentence": "Ann asked Mary, since _ knew.", "option1": "Ann", "option2": "Mary", "answer": "2"},
]
GSM = [
    {"question": "How many?", "answer": "5 + 12 = 17\n#### 1,017"},
    {"question": "And now?", "answer": "#### 18"},
    {"question": "Then?", "answer": "#### $5"},
]
LAMBADA = [{"text": "he took the red hat"}, {"text": "a b  c"}]
YESNO = [{"passage": f"P{i}.", "q": f"is it {i}", "label": i % 2} for i in range(5)]
SPELL = [{"q": f"word {i}", "a": [f"w{i}", f"W {i}"] if i else ["w0"]} for i in range(3)]
TRAIN = [
    {"id": f"t{i}", "question": f"train {i}", "choices": {"text": ["no", "yes"], "label": ["A", "B"]}, "answerKey": "AB"[i % 2], "topic": "x"}
    for i in range(30)
]
MANY = [{"q": f"n{i}", "a": str(i)} for i in range(30)]

CASES = [
    ("arc", ARC, """
output_type: multiple_choice
doc_to_text: "Question: {{question.strip()}}\\nAnswer:"
doc_to_choice: "{{choices.text}}"
doc_to_target: "{{choices.label.index(answerKey)}}"
metric_list:
  - {metric: acc}
  - {metric: acc_norm}
  - {metric: acc_bytes}
  - {metric: acc_mutual_info}
  - {metric: exact_match}
"""),
    ("mmlu", ARC, """
output_type: multiple_choice
description: "About {{topic}}.\\n\\n"
doc_to_text: "{{question}}{% for t in choices.text %}\\n{{choices.label[loop.index0]}}. {{t}}{% endfor %}\\nAnswer:"
doc_to_choice: "{{choices.label}}"
doc_to_target: answerKey
num_fewshot: 2
fewshot_split: test
fewshot_config: {sampler: first_n}
metric_list: [{metric: acc}]
"""),
    ("random-shots", ARC, """
output_type: multiple_choice
doc_to_text: question
doc_to_choice: "{{choices.text}}"
doc_to_target: "{{choices.label.index(answerKey)}}"
target_delimiter: " = "
fewshot_delimiter: " | "
num_fewshot: 3
metric_list: [{metric: acc}]
"""),
    ("other-pool", ARC, """
output_type: multiple_choice
doc_to_text: "Q: {{question}} A:"
doc_to_choice: "{{choices.text}}"
doc_to_target: "{{choices.label.index(answerKey)}}"
num_fewshot: 7
fewshot_config:
  split: train
  doc_to_text: "{{topic}} {{question}}?"
  doc_to_target: "{{id}}"
  fewshot_delimiter: ";"
metric_list: [{metric: acc}]
"""),
    ("winogrande", WINO, """
output_type: multiple_choice
doc_to_text: "{{ {'1': 0, '2': 1}[answer] }}"
doc_to_choice: "{{ [sentence[:sentence.index('_')] + option1, sentence[:sentence.index('_')] + option2] }}"
doc_to_target: "{{ sentence[sentence.index('_') + 1:].strip() }}"
num_fewshot: 1
fewshot_config: {sampler: first_n}
metric_list: [{metric: acc}]
"""),
    ("boolq", YESNO, """
output_type: multiple_choice
doc_to_text: "{{passage}}\\nQuestion: {{q}}?\\nAnswer:"
doc_to_choice: ["no", "yes"]
doc_to_target: label
metric_list: [{metric: acc}, {metric: f1}]
"""),
    ("dictionary", YESNO, """
output_type: multiple_choice
doc_to_text: "{{q}}"
doc_to_choice: {a: "no", b: "yes"}
doc_to_target: "{{'yes' if label else 'no'}}"
gen_prefix: "It is"
num_fewshot: 1
fewshot_config: {sampler: first_n}
metric_list: [{metric: acc}]
"""),
    ("lambada", LAMBADA, """
output_type: loglikelihood
doc_to_text: "{{text.split(' ')[:-1]|join(' ')}}"
doc_to_target: "{{' '+text.split(' ')[-1]}}"
metric_list: [{metric: perplexity}, {metric: acc}]
"""),
    ("rolling", LAMBADA, """
output_type: loglikelihood_rolling
doc_to_text: ""
doc_to_target: "{{text}}"
metric_list: [{metric: word_perplexity}, {metric: byte_perplexity}, {metric: bits_per_byte}]
"""),
    ("gsm8k", GSM, r"""
output_type: generate_until
doc_to_text: "Question: {{question}}\nAnswer:"
doc_to_target: "{{answer}}"
num_fewshot: 1
fewshot_config: {sampler: first_n}
generation_kwargs: {until: ["Question:", "</s>", "<|im_end|>"], do_sample: false, temperature: 0.0}
filter_list:
  - name: strict-match
    filter: [{function: regex, regex_pattern: '#### (\-?[0-9\.\,]+)'}, {function: take_first}]
  - name: flexible-extract
    filter: [{function: regex, group_select: -1, regex_pattern: '(-?[$0-9.,]{2,})|(-?[0-9]+)'}, {function: take_first}]
metric_list:
  - metric: exact_match
    aggregation: mean
    higher_is_better: true
    ignore_case: true
    ignore_punctuation: false
    regexes_to_ignore: [",", "\\$", "(?s).*#### ", "\\.$"]
"""),
    ("spell", SPELL, """
output_type: generate_until
doc_to_text: "{{q}}"
doc_to_target: "{{a}}"
gen_prefix: "The answer is"
generation_kwargs: {until: ["."]}
repeats: 2
filter_list:
  - name: majority
    filter: [{function: lowercase}, {function: remove_whitespace}, {function: majority_vote}, {function: take_first}]
  - name: first
    filter: [{function: take_first_k, k: 2}, {function: take_first}]
metric_list: [{metric: exact_match, ignore_case: true, ignore_numbers: true}]
"""),
    ("letters", [dict(q=d["question"], choices=d["choices"]["text"], a="(" + d["answerKey"] + ")") for d in ARC], r"""
output_type: generate_until
doc_to_text: "{{q}}"
doc_to_target: a
generation_kwargs: {until: ["\n\n"], max_gen_toks: 7}
filter_list:
  - name: flexible
    filter:
      - {function: multi_choice_regex, group_select: -1, ignore_case: true, ignore_punctuation: true, regex_pattern: '(\([A-Z]\))'}
      - {function: take_first}
metric_list: [{metric: exact_match}]
"""),
    ("mapped", YESNO, """
output_type: generate_until
doc_to_text: "{{q}}"
doc_to_target: label
doc_to_choice: ["N", "Y"]
filter_list:
  - name: mapped
    filter: [{function: uppercase}, {function: map, mapping_dict: {"NO": N, "YES": Y}, default_value: "?"}, {function: take_first}]
"""),
    ("pool-of-many", MANY, """
output_type: generate_until
doc_to_text: "{{q}}"
doc_to_target: a
num_fewshot: 6
"""),
]

TEXTS = {
    "gsm8k": [" so 5 + 12 = 17.\n#### 1,017", "It is 18 apples.", "none"],
    "spell": [" W0", "w 1 ", "x"],
    "letters": ["the answer is (B)", "Heat, of course", "Answer: C", "A Stone! a very long answer indeed?", "no", ": B"],
    "mapped": ["no", "Yes", "x", "YES", "no"],
    "pool-of-many": [str(i) for i in range(30)],
}


# Tasks as conversations: template, a turn per example, system instruction.
CONVERSATIONS = [
    ("mmlu", "qwen2", True, "Be brief."), ("mmlu", "gemma", False, ""), ("gsm8k", "llama-3", True, ""),
    ("dictionary", "mistral-v0.3", True, "System. "), ("winogrande", "zephyr", True, ""),
    ("spell", "qwen2", True, ""), ("spell", "llama-2", False, "S"), ("arc", "gemma", True, "No."),
    ("random-shots", "phi-3", False, "S"), ("lambada", "qwen2", True, ""),
]


def chat_template(template):
    """As lm_eval's HFLM renders a conversation."""

    def render(messages, add_generation_prompt=True):
        def attempt(messages):
            return render_jinja_template(
                [messages], chat_template=CHATS[template], add_generation_prompt=add_generation_prompt,
                continue_final_message=not add_generation_prompt, bos_token="<s>", eos_token="</s>")[0][0]

        try:
            return attempt(messages)
        except jinja2.exceptions.TemplateError:
            return attempt([x for x in messages if x["role"] != "system"])

    return render


def nats(context, continuation):
    return -0.25 * len(continuation) - 0.125 * ((len(context) * 7 + sum(map(ord, continuation))) % 23)


def plain(value):
    if isinstance(value, (list, tuple)):
        return [plain(x) for x in value]
    if hasattr(value, "item"):
        return value.item()
    return value


def arguments(instance):
    """Of generation only what has an effect."""
    if isinstance(instance.args[-1], dict):
        given = instance.args[-1]
        until = given["until"] if isinstance(given["until"], list) else [given["until"]]
        return [instance.args[0], {"until": until, "max_gen_toks": given.get("max_gen_toks", 256)}]
    return list(instance.args)


def run(name, rows, text, chat=None):
    config = yaml.safe_load(text)
    config.update(
        task=name, dataset_path="json", test_split="test",
        dataset_kwargs={"data_files": {"test": f"{name}.jsonl"}})
    if "train" in text:
        config["dataset_kwargs"]["data_files"]["train"] = "train.jsonl"
    Path(f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    task = ConfigurableTask(config=json.loads(json.dumps(config)))
    task.set_fewshot_seed(1234)
    options = {}
    if chat:
        template, multiturn, system = chat
        options = {
            "apply_chat_template": True, "chat_template": chat_template(template),
            "fewshot_as_multiturn": multiturn, "system_instruction": system or None}
    task.build_all_requests(limit=None, rank=0, world_size=1, **options)
    for instance in task.instances:
        if task.OUTPUT_TYPE == "generate_until":
            answers = TEXTS[name][instance.doc_id]
            instance.resps = [answers] * task.config.repeats
        elif task.OUTPUT_TYPE == "loglikelihood_rolling":
            instance.resps = [nats("", instance.args[0])]
        else:
            instance.resps = [(nats(*instance.args), len(instance.args[1]) % 2 == 0)]
    task.apply_filters()
    items = defaultdict(lambda: {"requests": [], "filtered": {}, "metrics": {}})
    by_doc = defaultdict(list)
    for instance in task.instances:
        by_doc[instance.doc_id].append(instance)
    values = defaultdict(list)
    for doc_id, instances in by_doc.items():
        instances.sort(key=lambda x: x.idx)
        item = items[doc_id]
        item["requests"] = [arguments(x) for x in instances]
        for key in instances[0].filtered_resps:
            answers = [x.filtered_resps[key] for x in instances]
            if task.OUTPUT_TYPE == "generate_until":
                item["filtered"][key] = answers[0]
            result = task.process_results(instances[0].doc, answers)
            for metric, value in result.items():
                item["metrics"][f"{metric},{key}"] = plain(value)
                values[metric, key].append(value)
    scores = {}
    for (metric, key), column in values.items():
        aggregate = task.aggregation()[metric]
        score = {"value": plain(aggregate(column))}
        if aggregate.__name__ == "mean":
            score["stderr"] = plain(mean_stderr(column)) if len(column) > 1 else None
        scores[f"{metric},{key}"] = score
    if chat:
        template, multiturn, system = chat
        name = f"{name} {template} {multiturn}"
        extra = {"chat": {"template": CHATS[template], "multiturn": multiturn, "system": system}}
    else:
        extra = {}
    return extra | {
        "name": name, "rows": rows, "yaml": yaml.safe_dump(config, sort_keys=False, allow_unicode=True),
        "texts": TEXTS.get(name.split(" ")[0]), "items": [items[i] for i in sorted(items)], "scores": scores}


def main():
    out = Path(sys.argv[1]).absolute()
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        Path("train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in TRAIN))
        with open(out, "w") as file:
            file.write(json.dumps({"train": TRAIN}) + "\n")
            for case in CASES:
                file.write(json.dumps(run(*case)) + "\n")
            cases = {case[0]: case for case in CASES}
            for name, *chat in CONVERSATIONS:
                file.write(json.dumps(run(*cases[name], chat)) + "\n")


if __name__ == "__main__":
    main()
