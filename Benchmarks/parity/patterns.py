"""What Python's `re` finds and replaces, into a golden file.

    python Benchmarks/parity/patterns.py Tests/PatternsTests/Golden/python.jsonl
"""

import json
import random
import re
import sys
from pathlib import Path

PATTERNS = [
    r"#### (\-?[0-9\.\,]+)", r"(-?[$0-9.,]{2,})|(-?[0-9]+)", r"(?s).*#### ", r"\.$", r",", r"\$", r"\[.*?\]",
    r"(?i)answer is (?P<letter>[a-d])", r"(?P<q>['\"])(.*?)(?P=q)", r"^\s*(.*?)\s*$", r"(?m)^\w+$", r"(?m)^", r"$",
    r"x*", r"|a", r"a|", r"(a)|b", r"(a)(b)?", r"\bthe\b", r"[^\]]+", r"[]a]", r"[[a]", r"[a&&b]", r"[\w.-]+", r"[^\s\d]",
    r"\d{2}", r"\d{1,2}?", r"\d{2}?", r"a{,2}", r"{x}", r"a{1", r"(?<=a)b", r"(?<!a)b", r"a(?!b)", r"(?:ab)+", r"(a+)\1",
    r"\x41|\u00e9|\t", r"\Ax|x\Z", r".", r"(?s).", r"(?i:A)b", r"(?s:.)\n", r"\s+", r"\S+", r"[\s]", r"[.]", r"\-", r"\/", r"(\()?a",
    r"(?i)É", r"A(?#comment)B", r"([A-Z])\w*\.?", r"\\boxed\{(.*?)\}", r"<answer>(.*?)</answer>", r"(?:^|\n)([A-D])[).]", r"\*\*", r"(?m)a$",
]
TEXTS = [
    "", "a", "ab", "aab", "b", "xx axx", "x", "so 5 + 12 = 17.\n#### 1,017", "It is $18.50 or -3 apples", "The Answer is (B)\nanswer is c.",
    "'one' and \"two 'x'\"", "  padded \t\n", "word\nline two\n", "\n", "a]b[c] [d]", "12345 é É\t\\x A", "{x}{y} a{1 a{2}", "abab ABAB", "a b\u00a0c\u001cd\u2028e",
    "\\boxed{42} <answer>C</answer>\nA) yes\nB. no", "the other the", "a-b a.b a/b (a", "**bold** x\nx", "a\na", "ab&&c&[",
]
REPLACEMENTS = ["", "-", r"<\g<0>>", r"\\\n"]


def main():
    out = Path(sys.argv[1])
    out.parent.mkdir(parents=True, exist_ok=True)
    draw = random.Random(7)
    with open(out, "w") as file:
        for pattern in PATTERNS:
            expression = re.compile(pattern)
            cases = []
            for text in TEXTS:
                found = [list(x) if isinstance(x, tuple) else [x] for x in expression.findall(text)]
                replacement = draw.choice(REPLACEMENTS)
                limit = draw.choice([0, 0, 1])
                cases.append([text, found, replacement, limit, expression.sub(replacement, text, count=limit)])
            file.write(json.dumps({"pattern": pattern, "cases": cases}) + "\n")


if __name__ == "__main__":
    main()
