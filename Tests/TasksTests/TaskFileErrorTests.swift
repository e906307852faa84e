import Diagnostics
import Tasks
import Testing

@Suite("Task files that are wrong") struct TaskFileErrorTests {
  @Test(
    "say which key is wrong, where, and what to do",
    arguments: [
      (
        "task: t\nkind: multiple_chioce\ndata: q.jsonl",
        """
        task.yaml: line 2: kind: unknown kind of task 'multiple_chioce'
          fix: did you mean 'multiple_choice'? known: multiple_choice, loglikelihood, perplexity, generate
        """
      ),
      (
        "task: t\nmetrics: [acc_nrom]\nkind: multiple_choice\ndata: q.jsonl",
        """
        task.yaml: line 2: metrics[0]: unknown metric of multiple_choice 'acc_nrom'
          fix: did you mean 'acc_norm'? known: acc, acc_norm, acc_bytes, acc_mutual_info, \
        exact_match, f1, choice_logprob, \
        gold_prob, gold_prob_norm, margin, soft_acc, brier_score
        """
      ),
      (
        "task: t\ndata: q.jsonl\nmetrics: [bleu]",
        """
        task.yaml: line 3: metrics[0]: the metric 'bleu' is not supported for generate
          fix: use one of: exact_match, f1, soft_exact_match, margin
        """
      ),
      (
        "task: t\ndata: q.jsonl\nmetrics: {metric: exact_match, higher_is_better: false}",
        """
        task.yaml: line 3: metrics.higher_is_better: of exact_match, more is better
          fix: remove the key: the metric knows its direction
        """
      ),
      (
        "task: t\nkind: generate",
        """
        task.yaml: line 1: the task names no data
          fix: add 'data: FILE.jsonl', or files under 'splits'
        """
      ),
      (
        "task: t\ndata: q.jsonl\npromt: x",
        """
        task.yaml: line 3: promt: unknown key 'promt'
          fix: did you mean 'prompt'? known: task, kind, data, splits, prompt, choices, answer, text, \
        delimiter, description, fewshot, until, max_tokens, strip, decode, metrics, objective, id, \
        cluster, weight, output_type, include, dataset_path, dataset_kwargs, test_split, \
        validation_split, training_split, fewshot_split, doc_to_text, doc_to_target, doc_to_choice, \
        target_delimiter, fewshot_delimiter, num_fewshot, fewshot_config, metric_list, \
        generation_kwargs, filter_list, repeats, extract, gen_prefix, chat
        """
      ),
      (
        "task: t\ndata: q.jsonl\nprocess_docs: !function utils.f",
        """
        task.yaml: line 3: process_docs: '!function utils.f' is Python code, which does not run here
          fix: write what it computes into the data
        """
      ),
      (
        "task: t\ndata: q.jsonl\nprompt: a\ndoc_to_text: b",
        """
        task.yaml: line 3: prompt: 'prompt' and 'doc_to_text' are two spellings of one key
          fix: keep one of them
        """
      ),
      (
        "task: t\ndataset_path: cais/mmlu\ntest_split: test",
        """
        task.yaml: line 2: dataset_path: the dataset 'cais/mmlu' cannot be fetched
          fix: export it as JSON Lines and write 'data: FILE.jsonl'
        """
      ),
      (
        "task: t\ndata: q.jsonl\nsplits: {search: 0.5, test: 0.6}",
        """
        task.yaml: line 3: splits: the fractions 0.5, 0.0 and 0.6 do not add up to 1
          fix: use fractions that add up to 1, such as 0.5, 0.2, 0.3
        """
      ),
      (
        "task: t\nsplits: {search: q.jsonl, test: q.jsonl}",
        """
        task.yaml: line 2: splits.test: the file is also that of the split 'search'
          fix: splits must not share items: name another file
        """
      ),
      (
        "task: t\ndata: q.jsonl\ngeneration_kwargs: {do_sample: true}",
        """
        task.yaml: line 3: generation_kwargs.do_sample: sampling is not supported
          fix: remove do_sample: text is greedy
        """
      ),
      (
        "task: t\ndata: q.jsonl\nanswer: target\nnum_fewshot: 2",
        """
        task.yaml: line 4: num_fewshot: 2 examples are asked for, but the pool has 1 rows
          fix: ask for fewer examples or add rows to the pool
        """
      ),
      (
        "task: t\ndata: q.jsonl\nnum_fewshot: 1\nfewshot_config: {sampler: balanced}",
        """
        task.yaml: line 4: fewshot_config.sampler: unknown sampler 'balanced'
          fix: use one of: default, first_n
        """
      ),
      (
        "task: t\ndata: q.jsonl\nfilter_list: [{name: a, filter: [{function: regx}]}]",
        """
        task.yaml: line 3: filter_list[0].filter[0].function: unknown filter function 'regx'
          fix: did you mean 'regex'? known: take_first, take_first_k, majority_vote, regex, \
        multi_choice_regex, remove_whitespace, lowercase, uppercase, map
        """
      ),
      (
        "task: t\ndata: q.jsonl\nfilter_list: [{name: a, filter: [{function: custom}]}]",
        """
        task.yaml: line 3: filter_list[0].filter[0].function: the filter function 'custom' is not supported
          fix: use one of: take_first, take_first_k, majority_vote, regex, multi_choice_regex, \
        remove_whitespace, lowercase, uppercase, map
        """
      ),
      (
        "task: t\ndata: q.jsonl\nextract: {name: a, regex: '(x'}",
        """
        task.yaml: line 3: extract.regex: the regular expression '(x' is not valid: end pattern with \
        unmatched parenthesis
          fix: correct it; the syntax is that of Python's 're'
        """
      ),
      (
        "task: t\ndata: q.jsonl\nanswer: target\nobjective: exact_match,strict",
        """
        task.yaml: line 4: objective: unknown metric of this task 'exact_match,strict'
          fix: use one of: exact_match
        """
      ),
      (
        "task: t\ndata: q.jsonl\nchat: {date: tomorrow}",
        """
        task.yaml: line 3: chat.date: 'tomorrow' is no date
          fix: write it as 2024-07-26
        """
      ),
      (
        "task: t\ndata: q.jsonl\nkind: multiple_choice\nchoices: [yes, no]",
        """
        task.yaml: line 4: choices[0]: yes without quotes is the truth value true in YAML
          fix: write "yes"
        """
      ),
      (
        "task: t\ndata: q.jsonl\ndecode: sometimes",
        """
        task.yaml: line 3: decode: unknown way of decoding 'sometimes'
          fix: use one of: always, unproved, never
        """
      ),
      (
        "task: t\ndata: q.jsonl\nanswer: traget",
        """
        task.yaml: line 3: answer: unknown column 'traget'
          fix: did you mean 'target'? known: prompt, target
        """
      ),
      (
        "task: t\ndata: q.jsonl\nanswer: \"{{target | urlize}}\"",
        """
        task.yaml: line 3: answer: line 1 of the template: templates do not support the filter 'urlize'
          fix: write what it computes into the data, or import the task with 'mergevolve import'
        """
      ),
    ])
  func errors(yaml: String, message: String) throws {
    try TaskFixture.use { fixture in
      try fixture.write("q.jsonl", #"{"prompt": "p", "target": "t"}"#)
      #expect(fixture.message { _ = try fixture.load(yaml + "\n") } == message)
    }
  }
}
