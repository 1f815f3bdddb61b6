"""Lines of code in spans: the same text, each line with its indentation."""

import re

from _ext.code_lines import in_spans


def test_lines_keep_their_text_and_know_their_indentation():
    code = 'a\n    <span class="k">b</span> c\n\n<span class="sd">  d</span>\n'
    html = in_spans(code)
    assert re.sub(r"<[^>]+>", "", html) == re.sub(r"<[^>]+>", "", code)
    assert re.findall(r'bo-line"([^>]*)>', html) == ["", ' style="--i:4"', "", ' style="--i:2"']
    assert '<span class="sd"><span class="bo-in">  </span>d' in html
