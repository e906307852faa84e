/// The chat templates that recipes know by name, in Jinja as transformers renders it.
///
/// They give the very prompts that mergekit's templates of these names give, odd spaces included.
enum BuiltInChatTemplates {
  static let texts = [
    "alpaca": alpaca, "chatml": chatML, "exaone": exaone, "llama3": llama3, "mistral": mistral,
  ]

  private static let alpaca = #"""
    {%- set system = messages | selectattr('role', 'equalto', 'system') | map(attribute='content') | list | last -%}
    {{- (system | trim) + '\n\n' -}}
    {%- for message in messages -%}
      {%- set gap = '' if loop.last else '\n\n' -%}
      {%- if message['role'] == 'user' -%}
        {{- '### Instruction:\n' + (message['content'] | trim) + gap -}}
      {%- elif message['role'] == 'assistant' -%}
        {{- '### Response:\n' + (message['content'] | trim) + gap -}}
      {%- elif message['role'] == 'user_context' -%}
        {{- '### Input:\n' + (message['content'] | trim) + gap -}}
      {%- endif -%}
    {%- endfor -%}
    {%- if add_generation_prompt and messages[-1]['role'] != 'assistant' -%}
      {{- '### Response:\n' -}}
    {%- endif -%}
    """#

  private static let chatML = #"""
    {%- for message in messages -%}
      {{- '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' -}}
    {%- endfor -%}
    {%- if add_generation_prompt -%}
      {{- '<|im_start|>assistant\n' -}}
    {%- endif -%}
    """#

  private static let exaone = #"""
    {%- for message in messages -%}
      {%- if loop.first and message['role'] != 'system' -%}
        {{- '        [|system|][|endofturn|]\n\n' -}}
      {%- endif -%}
      {{- '    [|' + message['role'] + '|]' + message['content'] + '\n        ' -}}
      {%- if message['role'] != 'user' -%}
        {{- '[|endofturn|]' -}}
      {%- endif -%}
      {{- '\n\n' -}}
    {%- endfor -%}
    {%- if add_generation_prompt -%}
      {{- '    [|assistant|]\n' -}}
    {%- endif -%}
    """#

  private static let llama3 = #"""
    {%- for message in messages -%}
      {%- if loop.first -%}
        {{- bos_token -}}
      {%- endif -%}
      {{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n' -}}
      {{- (message['content'] | trim) + '<|eot_id|>\n' -}}
    {%- endfor -%}
    {%- if add_generation_prompt -%}
      {{- '<|start_header_id|>assistant<|end_header_id|>\n\n' -}}
    {%- endif -%}
    """#

  private static let mistral = #"""
    {%- set turns = messages[1:] if messages[0]['role'] == 'system' else messages -%}
    {{- bos_token -}}
    {%- for message in turns -%}
      {%- if (message['role'] == 'user') != (loop.index0 % 2 == 0) -%}
        {{- raise_exception('After the optional system message, roles must alternate between user and assistant') -}}
      {%- elif message['role'] == 'user' and loop.first and messages[0]['role'] == 'system' -%}
        {{- ' [INST] ' + messages[0]['content'] + '\n\n' + message['content'] + ' [/INST]' -}}
      {%- elif message['role'] == 'user' -%}
        {{- ' [INST] ' + message['content'] + ' [/INST]' -}}
      {%- elif message['role'] == 'assistant' -%}
        {{- ' ' + message['content'] + eos_token -}}
      {%- else -%}
        {{- raise_exception('Only user and assistant may speak after the optional system message') -}}
      {%- endif -%}
    {%- endfor -%}
    """#
}
