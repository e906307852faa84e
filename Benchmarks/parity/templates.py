"""Renders templates with Jinja as lm-evaluation-harness and transformers set it up, into golden files.

    python Benchmarks/parity/templates.py Tests/TemplatesTests/Golden

Each case is {"dialect", "source", "row"} with "text", or "error" where Jinja raises.
"""

import json
import sys
from datetime import datetime
from pathlib import Path
from unittest import mock

from lm_eval.utils import apply_template
from transformers.utils import chat_template_utils

ROW = {
    "question": "2 + 2 =", "choices": {"text": ["3", "it's", "4.0"], "label": ["A", "B", "C"]},
    "answerKey": "B", "answer": 1, "flag": True, "nothing": None, "real": 0.1, "whole": 3.0,
    "large": 12345678901234567890123, "tiny": 1e-7, "sentence": "  the quick  brown\tfox jumps.\n",
    "accents": "Élan vital straße ΟΔΟΣ ǆ", "words": ["pear", "Apple", "fig", "apple"],
    "numbers": [3, 1, 2, 3], "nested": [{"name": "a", "value": 2}, {"name": "b", "value": 1}],
    "empty": [], "blank": "", "ctx": "Removing ice [header] How to [step] do", "sol1": "x", "sol2": "y",
}

TASKS = r"""
{{question}} {{ answer }}|{{flag}}|{{nothing}}|{{real}}|{{whole}}|{{large}}|{{tiny}}
{{choices}}
{{choices.text}}
{{choices['label']}}
{{choices.label.index(answerKey)}}
{{choices.label.index('Z')}}
{{[sol1, sol2]}}
{{(sol1, sol2)}} {{(sol1,)}} {{()}} {{ {} }} {{ {'a': 1, 2: none} }}
{{question.strip()}}|{{sentence.strip()}}|{{sentence.lstrip()}}|{{sentence.rstrip()}}|
{{sentence.split()}} {{sentence.split(' ')}} {{sentence.split(None, 1)}} {{sentence.split(' ', 1)}}
{{sentence.rsplit(' ', 1)}} {{'a,b,,c'.split(',')}} {{'a,b,,c'.rsplit(',', 2)}}
{{question.split('=')[0]}}
{{question[:-1]}}|{{question[::-1]}}|{{question[2:5]}}|{{question[-3:]}}|{{question[::2]}}|{{question[5:1:-1]}}
{{words[0]}} {{words[-1]}} {{words[1:]}}
{{words[9]}}
{{words[9] is defined}} {{missing is defined}} {{missing is not defined}} {{choices.none is defined}}
{{question.replace('2', 'two')}} {{question.replace('2', 'two', 1)}} {{'abc'.replace('', '-')}}
{{accents.upper()}}|{{accents.lower()}}|{{accents.title()}}|{{accents.capitalize()}}|{{accents.swapcase()}}
{{accents|upper}}|{{accents|lower}}|{{accents|title}}|{{accents|capitalize}}
{{"they're bill's friends (and-foes)"|title}} {{"they're bill's friends".title()}}
{{question.startswith('2')}} {{question.endswith(('=', 'x'))}} {{question.find('+')}} {{question.find('z')}}
{{'+'.join(words)}} {{words|join}} {{words|join(', ')}} {{nested|join(', ', attribute='name')}} {{numbers|join(' ')}}
{{answer + 1}} {{answer - 4}} {{7 // 2}} {{-7 // 2}} {{7 % 3}} {{-7 % 3}} {{7 / 2}} {{6 / 2}} {{2 ** 10}} {{2 ** -1}} {{2 ** 3 ** 2}}
{{7.5 // 2}} {{-7.5 % 2}} {{1.5 + 1}} {{1e3}} {{1_000}} {{0.1 + 0.2}}
{{1 / 0}}
{{'a' ~ 1 ~ none ~ 2.0}} {{'a' + 'b'}} {{'a' * 3}} {{[1] * 2 + [3]}}
{{'a' + 1}}
{{1 == 1.0}} {{true == 1}} {{'a' == 'a'}} {{[1] == [1.0]}} {{1 < 2 < 3}} {{1 < 2 > 3}} {{'a' < 'b'}} {{[1, 2] < [1, 3]}}
{{'a' < 1}}
{{'quick' in sentence}} {{'x' not in sentence}} {{'pear' in words}} {{'text' in choices}} {{1 in [true]}}
{{answer and words}} {{blank or 'default'}} {{not blank}} {{not not words}}
{{'yes' if flag else 'no'}} {{'yes' if not flag else 'no' if answer else 'maybe'}} {{'yes' if blank}}|
{{words|length}} {{question|length}} {{choices|length}}
{{answer|length}}
{{words|first}} {{words|last}}
{{empty|first}}
{{words|sort}} {{words|sort(reverse=true)}} {{words|sort(case_sensitive=true)}} {{numbers|sort}} {{nested|sort(attribute='value')}}
{{words|unique|list}} {{numbers|unique|list}} {{numbers|sum}} {{nested|sum(attribute='value')}} {{numbers|min}} {{words|max}}
{{words|map('upper')|list}} {{nested|map(attribute='name')|join(' ')}} {{words|map('replace', 'p', 'b')|list}}
{{words|select('in', ['fig'])|list}} {{numbers|reject('odd')|list}} {{nested|selectattr('value', 'gt', 1)|map(attribute='name')|list}}
{{nested|rejectattr('value')|list}} {{numbers|select|list}}
{{words|reverse|list}} {{question|reverse}} {{words|list}} {{'abc'|list}} {{choices|list}}
{{words|map('upper')|join}} {{4 ** 0.5}} {{'x' if blank}}
{{'42'|int + 1}} {{'4.7'|int}} {{'x'|int}} {{'x'|int(7)}} {{4.7|int}} {{-4.7|int}} {{true|int}} {{' 1_0 '|int}} {{'1e3'|int}}
{{'4.5'|float}} {{'x'|float}} {{3|float}} {{'inf'|float}}
{{2.5|round}} {{3.5|round}} {{2.675|round(2)}} {{42|round}} {{2.1|round(0, 'ceil')}} {{2.19|round(1, 'floor')}} {{-3|abs}} {{-3.5|abs}}
{{missing|default('d')}} {{blank|default('d')}} {{blank|default('d', true)}} {{nothing|d('x', boolean=true)}}
{{answer|string + '!'}} {{words|string}} {{'  a b '|trim}}|{{'xxaxx'|trim('x')}} {{question|replace('2', 3)}}
{{choices|items|list}} {{choices|dictsort}} {{choices.items()|list}} {{choices.keys()|list}} {{choices.get('x', 'none')}} {{choices.values()|list}}
{{choices|tojson}} {{"<a&b'é>"|tojson}}
{{{'b': [1, {'c': none}], 'a': 1.5}|tojson(indent=2)}}
{{'%s is %d'|format('x', 3)}} {{'%s-%s' % ('a', 1)}}
{{'{} {1} {x}'.format('a')}}
{{'{} and {}'.format('a', 2)}} {{'{0}{1}{0} {x} {{}}'.format('a', 'b', x=3)}}
{{'a\nb\n\nc'|indent(2)}}|{{'a\nb'|indent(width='>', first=true)}}|{{'a\n\nb'|indent(1, blank=true)}}
{{ctx|regex_replace('\\[.*?\\]', '')}} {{ctx|regex_replace('(\\w+) (\\w+)', '\\2 \\1', 1)}} {{'aaa'|regex_replace('x*', '-')}}
{% if answer == 1 %}one{% elif answer == 2 %}two{% else %}other{% endif %} end
{% if missing %}a{% endif %}
{% for w in words %}{{loop.index}}/{{loop.length}} {{w}}{% if not loop.last %}, {% endif %}{% endfor %}
{% for w in words if w != 'fig' %}{{loop.index0}}{{loop.first}}{{loop.revindex}}{{w}} {% else %}none{% endfor %}
{% for w in empty %}x{% else %}nothing{% endfor %}
{% for k, v in choices.items() %}{{k}}={{v}};{% endfor %}{% for n in nested %}{{n.name}}{{n['value']}}{% endfor %}
{% for a, b in [[1, 2], [3, 4]] %}{{a}}{{b}}{{loop.previtem is defined}}{{loop.cycle('x', 'y')}}{% endfor %}
{% for i in range(3) %}{% for j in range(1, 6, 2) %}{{i}}{{j}}{{loop.depth}} {% endfor %}{{loop.index}}{% endfor %}{{range(3)|list}}
{% set x = 1 %}{% for i in [1, 2] %}{{x}}{% set x = 9 %}{{x}}{% endfor %}{{x}}
{% set ns = namespace(n=0, items=[]) %}{% for i in numbers %}{% set ns.n = ns.n + i %}{% set ns.items = ns.items + [i] %}{% endfor %}{{ns.n}} {{ns.items}}
{% set a, b = 1, 'two' %}{{a}}{{b}}{% set c %}text {{a}}{% endset %}[{{c}}]{% set d | upper %}up{% endset %}{{d}}
{% macro m(a, b='x') %}<{{a}}{{b}}>{% endmacro %}{{m(1)}}{{m(1, 2)}}{{m(b=3, a=4)}}{{m('q')|length}}
{% macro m(a) %}{{a}}{% endmacro %}{{m(1, 2)}}
{% with a = 1, b = 2 %}{{a}}{{b}}{% endwith %}{% filter upper %}shout {{answer}}{% endfilter %}
{% raw %}{{ not {% rendered %}{% endraw %} {# a comment {{ x }} #}after
a  {%- if true -%}  b  {%- endif -%}  c {{- 'd' -}} e {#- x -#} f
   {% if true %}
  indented
   {% endif %}
tail{{ 'a' 'b' "c" }}{{ "\x41\u00e9\t\\\101\'" }}{{ 'ünïcode'|upper }}
{{ nested[0].name }} {{ nested.0.name }} {{ nested[-1]['value'] }} {{ nested | map(attribute='value') | sum }}
{{ question is string }} {{ answer is number }} {{ flag is boolean }} {{ choices is mapping }} {{ words is sequence }} {{ nothing is none }} {{ answer is odd }} {{ 4 is divisibleby 2 }} {{ answer is integer }} {{ real is float }} {{ words is iterable }} {{ 'a' is lower }} {{ flag is true }} {{ answer is eq 1 }} {{ 2 is in [1, 2] }} {{ nothing is sameas none }}
{{ 'a' if answer is defined and answer == 1 else 'b' }} {{ not answer is none }} {{ answer is not none }}
{{ missing }}
{{ missing.x }}
{{ choices.nope }}
{{ choices.nope.x }}
{{ 'A' 'B' }} {{ (1, 2)|join }} {{ [1, [2, 'x']] }} {{ "it's" }} {{ ['it\'s', 'say "x"', 'both \' "'] }} {{ ['\n', 'é', '\u200b'] }}
{{ sentence.splitlines() }} {{ 'a\r\nb\x0bc\n'.splitlines(true) }} {{ 'abcabc'.rfind('b') }} {{ 'abc'.index('c') }} {{ 'banana'.count('an') }} {{ 'a-b-c'.partition('-') }} {{ 'a-b-c'.rpartition('-') }} {{ 'abc'.removeprefix('ab') }} {{ '5'.zfill(3) }} {{ '-5'.zfill(4) }} {{ 'ab'.ljust(4, '.') }}{{ 'ab'.rjust(4) }}
{{ '12'.isdigit() }} {{ 'a1'.isalpha() }} {{ 'a1'.isalnum() }} {{ ' '.isspace() }} {{ 'AB'.isupper() }} {{ 'xabx'.strip('x') }}
{{ "Q: " + question + "\nA:" }}{{ "\n" }}
"""

LLAMA3 = """{{- bos_token }}
{%- if custom_tools is defined %}
    {%- set tools = custom_tools %}
{%- endif %}
{%- if not tools_in_user_message is defined %}
    {%- set tools_in_user_message = true %}
{%- endif %}
{%- if not date_string is defined %}
    {%- if strftime_now is defined %}
        {%- set date_string = strftime_now("%d %b %Y") %}
    {%- else %}
        {%- set date_string = "26 Jul 2024" %}
    {%- endif %}
{%- endif %}
{%- if not tools is defined %}
    {%- set tools = none %}
{%- endif %}

{#- This block extracts the system message, so we can slot it into the right place. #}
{%- if messages[0]['role'] == 'system' %}
    {%- set system_message = messages[0]['content']|trim %}
    {%- set messages = messages[1:] %}
{%- else %}
    {%- set system_message = "" %}
{%- endif %}

{#- System message #}
{{- "<|start_header_id|>system<|end_header_id|>\\n\\n" }}
{%- if tools is not none %}
    {{- "Environment: ipython\\n" }}
{%- endif %}
{{- "Cutting Knowledge Date: December 2023\\n" }}
{{- "Today Date: " + date_string + "\\n\\n" }}
{%- if tools is not none and not tools_in_user_message %}
    {{- "You have access to the following functions. To call a function, please respond with JSON for a function call." }}
    {{- 'Respond in the format {"name": function name, "parameters": dictionary of argument name and its value}.' }}
    {{- "Do not use variables.\\n\\n" }}
    {%- for t in tools %}
        {{- t | tojson(indent=4) }}
        {{- "\\n\\n" }}
    {%- endfor %}
{%- endif %}
{{- system_message }}
{{- "<|eot_id|>" }}

{#- Custom tools are passed in a user message with some extra guidance #}
{%- if tools_in_user_message and not tools is none %}
    {#- Extract the first user message so we can plug it in here #}
    {%- if messages | length != 0 %}
        {%- set first_user_message = messages[0]['content']|trim %}
        {%- set messages = messages[1:] %}
    {%- else %}
        {{- raise_exception("Cannot put tools in the first user message when there's no first user message!") }}
{%- endif %}
    {{- '<|start_header_id|>user<|end_header_id|>\\n\\n' -}}
    {{- "Given the following functions, please respond with a JSON for a function call " }}
    {%- for t in tools %}
        {{- t | tojson(indent=4) }}
        {{- "\\n\\n" }}
    {%- endfor %}
    {{- first_user_message + "<|eot_id|>"}}
{%- endif %}

{%- for message in messages %}
    {%- if not (message.role == 'ipython' or message.role == 'tool' or 'tool_calls' in message) %}
        {{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n'+ message['content'] | trim + '<|eot_id|>' }}
    {%- elif 'tool_calls' in message %}
        {%- if not message.tool_calls|length == 1 %}
            {{- raise_exception("This model only supports single tool-calls at once!") }}
        {%- endif %}
        {%- set tool_call = message.tool_calls[0].function %}
        {{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' -}}
        {{- '{"name": "' + tool_call.name + '", ' }}
        {{- '"parameters": ' }}
        {{- tool_call.arguments | tojson }}
        {{- "}" }}
        {{- "<|eot_id|>" }}
    {%- elif message.role == "tool" or message.role == "ipython" %}
        {{- "<|start_header_id|>ipython<|end_header_id|>\\n\\n" }}
        {%- if message.content is mapping or message.content is iterable %}
            {{- message.content | tojson }}
        {%- else %}
            {{- message.content }}
        {%- endif %}
        {{- "<|eot_id|>" }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}
{%- endif %}
"""

QWEN25 = r"""{%- if tools %}
    {{- '<|im_start|>system\n' }}
    {%- if messages[0]['role'] == 'system' %}
        {{- messages[0]['content'] }}
    {%- else %}
        {{- 'You are Qwen, created by Alibaba Cloud. You are a helpful assistant.' }}
    {%- endif %}
    {{- "\n\n# Tools\n\nYou may call one or more functions to assist with the user query.\n\nYou are provided with function signatures within <tools></tools> XML tags:\n<tools>" }}
    {%- for tool in tools %}
        {{- "\n" }}
        {{- tool | tojson }}
    {%- endfor %}
    {{- "\n</tools>\n\nFor each function call, return a json object with function name and arguments within <tool_call></tool_call> XML tags:\n<tool_call>\n{\"name\": <function-name>, \"arguments\": <args-json-object>}\n</tool_call><|im_end|>\n" }}
{%- else %}
    {%- if messages[0]['role'] == 'system' %}
        {{- '<|im_start|>system\n' + messages[0]['content'] + '<|im_end|>\n' }}
    {%- else %}
        {{- '<|im_start|>system\nYou are Qwen, created by Alibaba Cloud. You are a helpful assistant.<|im_end|>\n' }}
    {%- endif %}
{%- endif %}
{%- for message in messages %}
    {%- if (message.role == "user") or (message.role == "system" and not loop.first) or (message.role == "assistant" and not message.tool_calls) %}
        {{- '<|im_start|>' + message.role + '\n' + message.content + '<|im_end|>' + '\n' }}
    {%- elif message.role == "assistant" %}
        {{- '<|im_start|>' + message.role }}
        {%- if message.content %}
            {{- '\n' + message.content }}
        {%- endif %}
        {%- for tool_call in message.tool_calls %}
            {%- if tool_call.function is defined %}
                {%- set tool_call = tool_call.function %}
            {%- endif %}
            {{- '\n<tool_call>\n{"name": "' }}
            {{- tool_call.name }}
            {{- '", "arguments": ' }}
            {{- tool_call.arguments | tojson }}
            {{- '}\n</tool_call>' }}
        {%- endfor %}
        {{- '<|im_end|>\n' }}
    {%- elif message.role == "tool" %}
        {%- if (loop.index0 == 0) or (messages[loop.index0 - 1].role != "tool") %}
            {{- '<|im_start|>user' }}
        {%- endif %}
        {{- '\n<tool_response>\n' }}
        {{- message.content }}
        {{- '\n</tool_response>' }}
        {%- if loop.last or (messages[loop.index0 + 1].role != "tool") %}
            {{- '<|im_end|>\n' }}
        {%- endif %}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\n' }}
{%- endif %}
"""

QWEN3 = r"""{%- if messages[0].role == 'system' %}
    {{- '<|im_start|>system\n' + messages[0].content + '<|im_end|>\n' }}
{%- endif %}
{%- set ns = namespace(multi_step_tool=true, last_query_index=messages|length - 1) %}
{%- for message in messages[::-1] %}
    {%- set index = (messages|length - 1) - loop.index0 %}
    {%- if ns.multi_step_tool and message.role == "user" and message.content is string and not(message.content.startswith('<tool_response>') and message.content.endswith('</tool_response>')) %}
        {%- set ns.multi_step_tool = false %}
        {%- set ns.last_query_index = index %}
    {%- endif %}
{%- endfor %}
{%- for message in messages %}
    {%- if message.content is string %}
        {%- set content = message.content %}
    {%- else %}
        {%- set content = '' %}
    {%- endif %}
    {%- if (message.role == "user") or (message.role == "system" and not loop.first) %}
        {{- '<|im_start|>' + message.role + '\n' + content + '<|im_end|>' + '\n' }}
    {%- elif message.role == "assistant" %}
        {%- set reasoning_content = '' %}
        {%- if message.reasoning_content is string %}
            {%- set reasoning_content = message.reasoning_content %}
        {%- else %}
            {%- if '</think>' in content %}
                {%- set reasoning_content = content.split('</think>')[0].rstrip('\n').split('<think>')[-1].lstrip('\n') %}
                {%- set content = content.split('</think>')[-1].lstrip('\n') %}
            {%- endif %}
        {%- endif %}
        {%- if loop.index0 > ns.last_query_index %}
            {%- if loop.last or (not loop.last and reasoning_content) %}
                {{- '<|im_start|>' + message.role + '\n<think>\n' + reasoning_content.strip('\n') + '\n</think>\n\n' + content.lstrip('\n') }}
            {%- else %}
                {{- '<|im_start|>' + message.role + '\n' + content }}
            {%- endif %}
        {%- else %}
            {{- '<|im_start|>' + message.role + '\n' + content }}
        {%- endif %}
        {{- '<|im_end|>\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\n' }}
    {%- if enable_thinking is defined and enable_thinking is false %}
        {{- '<think>\n\n</think>\n\n' }}
    {%- endif %}
{%- endif %}"""

CHATS = {
    "llama-3": "{% set loop_messages = messages %}{% for message in loop_messages %}{% set content = '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n'+ message['content'] | trim + '<|eot_id|>' %}{% if loop.index0 == 0 %}{% set content = bos_token + content %}{% endif %}{{ content }}{% endfor %}{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}",
    "llama-3.2": LLAMA3,
    "qwen2": "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}{{ '<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n' }}{% endif %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}",
    "qwen2.5": QWEN25,
    "qwen3": QWEN3,
    "mistral-v1": "{{ bos_token }}{% for message in messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}{% if message['role'] == 'user' %}{{ '[INST] ' + message['content'] + ' [/INST]' }}{% elif message['role'] == 'assistant' %}{{ message['content'] + eos_token}}{% else %}{{ raise_exception('Only user and assistant roles are supported!') }}{% endif %}{% endfor %}",
    "mistral-v0.3": "{%- if messages[0][\"role\"] == \"system\" %}\n    {%- set system_message = messages[0][\"content\"] %}\n    {%- set loop_messages = messages[1:] %}\n{%- else %}\n    {%- set loop_messages = messages %}\n{%- endif %}\n{%- if not tools is defined %}\n    {%- set tools = none %}\n{%- endif %}\n{%- set user_messages = loop_messages | selectattr(\"role\", \"equalto\", \"user\") | list %}\n\n{#- This block checks for alternating user/assistant messages, skipping tool calling messages #}\n{%- set ns = namespace() %}\n{%- set ns.index = 0 %}\n{%- for message in loop_messages %}\n    {%- if not (message.role == \"tool\" or message.role == \"tool_results\" or (message.tool_calls is defined and message.tool_calls is not none)) %}\n        {%- if (message[\"role\"] == \"user\") != (ns.index % 2 == 0) %}\n            {{- raise_exception(\"After the optional system message, conversation roles must alternate user/assistant/user/assistant/...\") }}\n        {%- endif %}\n        {%- set ns.index = ns.index + 1 %}\n    {%- endif %}\n{%- endfor %}\n\n{{- bos_token }}\n{%- for message in loop_messages %}\n    {%- if message[\"role\"] == \"user\" %}\n        {%- if tools is not none and (message == user_messages[-1]) %}\n            {{- \"[AVAILABLE_TOOLS] [\" }}\n            {{- \"[/AVAILABLE_TOOLS]\" }}\n        {%- endif %}\n        {%- if loop.last and system_message is defined %}\n            {{- \"[INST] \" + system_message + \"\\n\\n\" + message[\"content\"] + \"[/INST]\" }}\n        {%- else %}\n            {{- \"[INST] \" + message[\"content\"] + \"[/INST]\" }}\n        {%- endif %}\n    {%- elif message[\"role\"] == \"assistant\" %}\n        {{- \" \" + message[\"content\"]|trim + eos_token}}\n    {%- else %}\n        {{- raise_exception(\"Only user and assistant roles are supported, with the exception of an initial optional system message!\") }}\n    {%- endif %}\n{%- endfor %}\n",
    "gemma": "{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}{% for message in messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}{% if (message['role'] == 'assistant') %}{% set role = 'model' %}{% else %}{% set role = message['role'] %}{% endif %}{{ '<start_of_turn>' + role + '\n' + message['content'] | trim + '<end_of_turn>\n' }}{% endfor %}{% if add_generation_prompt %}{{'<start_of_turn>model\n'}}{% endif %}",
    "gemma-3": "{{ bos_token }}\n{%- if messages[0]['role'] == 'system' -%}\n    {%- if messages[0]['content'] is string -%}\n        {%- set first_user_prefix = messages[0]['content'] + '\n\n' -%}\n    {%- else -%}\n        {%- set first_user_prefix = messages[0]['content'][0]['text'] + '\n\n' -%}\n    {%- endif -%}\n    {%- set loop_messages = messages[1:] -%}\n{%- else -%}\n    {%- set first_user_prefix = \"\" -%}\n    {%- set loop_messages = messages -%}\n{%- endif -%}\n{%- for message in loop_messages -%}\n    {%- if (message['role'] == 'user') != (loop.index0 % 2 == 0) -%}\n        {{ raise_exception(\"Conversation roles must alternate user/assistant/user/assistant/...\") }}\n    {%- endif -%}\n    {%- if (message['role'] == 'assistant') -%}\n        {%- set role = \"model\" -%}\n    {%- else -%}\n        {%- set role = message['role'] -%}\n    {%- endif -%}\n    {{ '<start_of_turn>' + role + '\n' + (first_user_prefix if loop.first else \"\") }}\n    {%- if message['content'] is string -%}\n        {{ message['content'] | trim }}\n    {%- elif message['content'] is iterable -%}\n        {%- for item in message['content'] -%}\n            {%- if item['type'] == 'image' -%}\n                {{ '<start_of_image>' }}\n            {%- elif item['type'] == 'text' -%}\n                {{ item['text'] | trim }}\n            {%- endif -%}\n        {%- endfor -%}\n    {%- else -%}\n        {{ raise_exception(\"Invalid content type\") }}\n    {%- endif -%}\n    {{ '<end_of_turn>\n' }}\n{%- endfor -%}\n{%- if add_generation_prompt -%}\n    {{'<start_of_turn>model\n'}}\n{%- endif -%}\n",
    "phi-3": "{% for message in messages %}{% if message['role'] == 'system' and message['content'] %}{{'<|system|>\n' + message['content'] + '<|end|>\n'}}{% elif message['role'] == 'user' %}{{'<|user|>\n' + message['content'] + '<|end|>\n'}}{% elif message['role'] == 'assistant' %}{{'<|assistant|>\n' + message['content'] + '<|end|>\n'}}{% endif %}{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>\n' }}{% else %}{{ eos_token }}{% endif %}",
    "zephyr": "{% for message in messages %}\n{% if message['role'] == 'user' %}\n{{ '<|user|>\n' + message['content'] + eos_token }}\n{% elif message['role'] == 'system' %}\n{{ '<|system|>\n' + message['content'] + eos_token }}\n{% elif message['role'] == 'assistant' %}\n{{ '<|assistant|>\n'  + message['content'] + eos_token }}\n{% endif %}\n{% if loop.last and add_generation_prompt %}\n{{ '<|assistant|>' }}\n{% endif %}\n{% endfor %}",
    "llama-2": "{% if messages[0]['role'] == 'system' %}{% set loop_messages = messages[1:] %}{% set system_message = messages[0]['content'] %}{% else %}{% set loop_messages = messages %}{% set system_message = false %}{% endif %}{% for message in loop_messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}{% if loop.index0 == 0 and system_message != false %}{% set content = '<<SYS>>\\n' + system_message + '\\n<</SYS>>\\n\\n' + message['content'] %}{% else %}{% set content = message['content'] %}{% endif %}{% if message['role'] == 'user' %}{{ bos_token + '[INST] ' + content.strip() + ' [/INST]' }}{% elif message['role'] == 'assistant' %}{{ ' '  + content.strip() + ' ' + eos_token }}{% endif %}{% endfor %}",
    "macros": "{%- macro turn(m, close=true) -%}\n<{{ m.role }}>{{ m.content }}{% if close %}</{{ m.role }}>{% endif %}\n\n{%- endmacro -%}\n{%- for m in messages %}\n    {%- if m.role == 'system' %}\n        {%- continue %}\n    {%- endif %}\n    {%- if loop.index > 4 %}{% break %}{% endif %}\n{{ turn(m, close=not loop.last) }}\n{%- generation %}[{{ loop.index }}]{% endgeneration %}\n{%- endfor %}\n{{ messages | map(attribute='role') | join(',') }} {{ undefined_name }}{{ messages|length }} {{ tools is none }} {{ [1, 2.5, 'é'] | tojson }} {{ {'b': 1, 'a': [none, true]} | tojson(indent=1, sort_keys=true) }}\n",
    "lines": "{% for m in messages %}\n  {% if m.role == 'user' %}\n  U: {{ m.content }}\n  {% else %}\n  A: {{ m.content }}   \n  {%+ endif %}\n{% endfor %}\n  {# comment #}\n  {{ 'x' }}\n{% set x = 1 %}\n{%- if x %}\n\n  y\n{% endif -%}\n   z\n",
}

CONVERSATIONS = [
    [("user", "2 + 2 = ?")],
    [("system", "Be brief. "), ("user", " Hi <b>'there'</b>\n")],
    [("user", "Hello"), ("assistant", " Hé! "), ("user", "Bye")],
    [("system", "Sys"), ("user", "A"), ("assistant", "B"), ("user", "C"), ("assistant", "D"), ("user", "E\n\nF")],
    [("user", "A"), ("user", "B")],
    [("user", "Q"), ("assistant", "The answer is ")],
]


def task_cases():
    sources = [line for line in TASKS.strip("\n").split("\n")]
    # Templates of several lines.
    sources += [
        "   {% if true %}\n  indented\n   {% endif %}\ntail", "a\n  {%- if flag %}\n  b\n  {%- endif +%}\nc", "{{question}}\n", "\n{% if flag %}\nx\n{% endif %}\n", "a\r\nb\r{{answer}}\r\n"]
    for source in sources:
        case = {"dialect": "task", "source": source, "row": "ROW"}
        try:
            case["text"] = apply_template(source, ROW)
        except Exception as error:
            case["error"] = f"{type(error).__name__}: {error}"
        yield case


class Day(datetime):
    @classmethod
    def now(cls, tz=None):
        return cls(2024, 7, 26)


def chat_cases():
    with mock.patch.object(chat_template_utils, "datetime", Day):
        for name, template in CHATS.items():
            for messages in CONVERSATIONS:
                chat = [{"role": role, "content": content} for role, content in messages]
                for opens in [True, False]:
                    case = {"name": name, "messages": chat, "opensAnswer": opens}
                    try:
                        continues = not opens and chat[-1]["role"] == "assistant"
                        case["text"] = chat_template_utils.render_jinja_template(
                            [chat], chat_template=template, add_generation_prompt=opens,
                            continue_final_message=continues, bos_token="<s>", eos_token="</s>")[0][0]
                    except Exception as error:
                        case["error"] = f"{type(error).__name__}: {error}"
                    yield case


def main():
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "tasks.jsonl", "w") as out:
        out.write(json.dumps({"row": ROW}) + "\n")
        for case in task_cases():
            out.write(json.dumps(case) + "\n")
    with open(folder / "chats.jsonl", "w") as out:
        out.write(json.dumps({"templates": CHATS}) + "\n")
        for case in chat_cases():
            out.write(json.dumps(case) + "\n")


if __name__ == "__main__":
    main()
