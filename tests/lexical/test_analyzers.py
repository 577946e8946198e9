"""A text becomes the same terms wherever it is read, at places that lead back to it."""

import sys
import unicodedata

import numpy as np
import pytest

import vdb
from vdb import lexical
from vdb.lexical.analyzers import characters
from vdb.lexical.analyzers.languages import LANGUAGES

SCRIPTS = (
    "The quick_brown Fox's 3.14 Ünïcode “don’t” naïve Straße İstanbul ΟΔΟΣ "
    "हिन्दी में "
    "ทดสอบภาษาไทย 東京都に行くＡ１２ﾃﾞｰﾀ 한국어 می‌خواهم auf\u00adfällig e\u0301t\u0301e ❤️ 👩‍💻"
)
NAMES = [name for name in lexical.analyzer_names() if name not in LANGUAGES]
ALL = [*NAMES, "english", "german", "ngrams-2-3", "ngrams-3"]


def random_text(rng):
    pools = [
        "abcXYZ019",
        " _.,'’-\t\n",
        "éÅßİΣσς",
        "東京ﾃﾞカ゛한",
        "\u0301\u200c\ufe0f\u00ad",
        "हिन्",
        "\U0001f600𝒜",
    ]
    return "".join(
        rng.choice(list(pools[rng.integers(len(pools))])) for _ in range(rng.integers(60))
    )


@pytest.mark.parametrize("name", ALL)
def test_tokens_are_the_terms_with_their_places(name):
    analyzer = lexical.analyzer(name)
    rng = np.random.default_rng(7)
    for text in (SCRIPTS, "", " ", "a", "\ud800a", *(random_text(rng) for _ in range(500))):
        terms, tokens = analyzer.terms(text), analyzer.tokens(text)
        assert [(at, term) for at, term in enumerate(terms) if term is not None] == [
            (token.position, token.term) for token in tokens
        ]
        places = [(token.start, token.end) for token in tokens]
        assert places == sorted(places)
        assert all(0 <= start < end <= len(text) for start, end in places)
        assert all(1 <= len(token.term) <= 255 for token in tokens)
        for token in tokens:
            token.term.encode()


@pytest.mark.parametrize("name", ["simple", "english", "cjk", "ngrams-2-3"])
def test_case_does_not_matter_but_in_keyword_and_whitespace(name):
    analyzer = lexical.analyzer(name)
    assert analyzer.terms("QUICK Brown Ünï") == analyzer.terms("quick bROWN üNÏ")


@pytest.mark.parametrize(
    ("name", "text", "terms"),
    [
        ("simple", "The quick_brown Fox's", ["the", "quick", "brown", "fox", "s"]),
        ("simple", "x86-64, 3.14 ½ Ⅳ", ["x86", "64", "3", "14", "½", "ⅳ"]),
        ("simple", "हिन्दी में ไทยนี้", ["हिन्दी", "में", "ไทยนี้"]),
        ("simple", "e\u0301te\u0301 \u00e9t\u00e9", ["été", "été"]),
        ("simple", "auf\u00adfällig ❤\ufe0f", ["auffällig"]),
        ("whitespace", "Foo-bar  baz\u00a0\n_x", ["Foo-bar", "baz", "_x"]),
        ("keyword", "New York", ["New York"]),
        ("english", "The foxes aren't running", [None, "fox", "aren't", "run"]),
        ("english", "dog's dog’s", ["dog", "dog"]),
        ("german", "Die Häuser", ["die", "haus"]),
        ("cjk", "東京都 x龍", ["東京", "京都", "x", "龍"]),
        ("cjk", "ＡＢＣ１ ﾃﾞｰﾀ", ["abc1", "デー", "ータ"]),
        ("ngrams-2-3", "aBcd ab x", ["ab", "abc", "bc", "bcd", "cd", "ab", "x"]),
    ],
)
def test_the_rules_of_each_analyzer(name, text, terms):
    assert lexical.analyzer(name).terms(text) == terms


def test_a_removed_stop_word_leaves_a_gap():
    tokens = lexical.analyzer("english").tokens("end of the world")
    assert [(token.term, token.position) for token in tokens] == [("end", 0), ("world", 3)]


def test_words_beyond_255_characters_are_cut_and_keywords_left_out():
    word = "a" * 600
    for name in ("simple", "whitespace", "cjk"):
        assert [len(term) for term in lexical.analyzer(name).terms(word)] == [255, 255, 90]
    assert lexical.analyzer("keyword").terms(word) == [None]
    assert lexical.analyzer("keyword").terms("a" * 255) == ["a" * 255]
    joined = lexical.analyzer("english").terms("'".join([word] * 9))
    assert joined and all(len(term) <= 255 for term in joined)


def test_every_mark_of_unicode_is_known():
    marks = {
        chr(code) for code in range(sys.maxunicode + 1) if unicodedata.category(chr(code))[0] == "M"
    }
    simple = lexical.analyzer("simple")
    assert not [mark for mark in marks if len(simple.tokens(f"a{mark}b")) != 1]
    assert "\u0301" in marks and len(characters.marks()) > 100


@pytest.mark.parametrize("name", LANGUAGES)
def test_every_language_has_an_analyzer_that_says_whose_stems_it_has(name):
    analyzer = lexical.analyzer(name)
    assert analyzer.version.startswith("1+snowball-3.")
    assert analyzer.terms("Universal") == lexical.analyzer(name).terms("universal")
    assert lexical.analyzer(name) is analyzer


def test_the_cache_of_stems_is_bounded():
    analyzer = lexical.analyzer("english")
    words = [f"word{number}s" for number in range(60_000)]
    assert analyzer.terms(" ".join(words)) == [f"word{number}" for number in range(60_000)]
    assert len(analyzer._terms_of_words) <= 50_000
    assert analyzer.terms(words[0]) == ["word0"]


@pytest.mark.parametrize("name", ALL)
@pytest.mark.timeout(60)
def test_long_hostile_texts_take_linear_time(name):
    analyzer = lexical.analyzer(name)
    for unit in ("a", "a'", "'", '"a', "\u0301", "a\u0301", "_", "字", "ﾃﾞ", "\ud800", "İ"):
        text = unit * 60_000
        assert len(analyzer.terms(text)) <= 2 * len(text)
        vdb.lexical.parse_query(text + "*", analyzer)


def halves(text):
    return [None if part == "-" else part for part in text.split("/")]


def test_a_function_is_an_analyzer_with_its_name_and_version():
    own = lexical.analyzer(halves, name="paths", version="2")
    assert (own.name, own.version) == ("paths", "2")
    assert own.terms("usr/-/lib") == ["usr", None, "lib"]
    assert lexical.analyzer(own) is own
    assert own == lexical.analyzer(halves, name="paths", version="2")
    assert own != lexical.analyzer(halves, name="paths", version="3")
    with pytest.raises(vdb.InvalidArgumentError, match="must say where its terms are"):
        own.tokens("usr/lib")


def test_a_function_may_say_where_its_terms_are():
    own = lexical.analyzer(lambda text: [("A", 0, 1), None, ("B", 2, 3)], name="x", version="1")
    assert own.terms("a-b") == ["A", None, "B"]
    assert own.tokens("a-b") == [("A", 0, 0, 1), ("B", 2, 2, 3)]


@pytest.mark.parametrize(
    ("function", "error", "text"),
    [
        (lambda text: "ab", vdb.ArgumentTypeError, "must return a list of terms"),
        (lambda text: 3, vdb.ArgumentTypeError, "must return a list of terms"),
        (lambda text: [3], vdb.ArgumentTypeError, "must return strs"),
        (lambda text: ["a", ""], vdb.InvalidArgumentError, "not empty, got '' as term 1"),
    ],
)
def test_what_a_function_returns_is_checked(function, error, text):
    own = lexical.analyzer(function, name="own", version="1")
    with pytest.raises(error, match=text):
        own.terms("a b")


def test_places_outside_the_text_are_refused():
    own = lexical.analyzer(lambda text: [("a", 0, 9)], name="own", version="1")
    with pytest.raises(vdb.InvalidArgumentError, match="places within the text of 1"):
        own.tokens("a")


@pytest.mark.parametrize(
    ("arguments", "options", "error", "text"),
    [
        (["englsh"], {}, vdb.InvalidArgumentError, "did you mean 'english'"),
        (["ngrams-3-2"], {}, vdb.InvalidArgumentError, "low must be at most high"),
        (["ngrams-0-2"], {}, vdb.InvalidArgumentError, "low must be"),
        ([3], {}, vdb.ArgumentTypeError, "the name of one, or a function"),
        (["simple"], {"version": "1"}, vdb.InvalidArgumentError, "version goes with a function"),
        ([halves], {"name": "x"}, vdb.InvalidArgumentError, "version= is required"),
        ([halves], {"version": "1"}, vdb.InvalidArgumentError, "name= is required"),
        ([halves], {"name": "simple", "version": "1"}, vdb.InvalidArgumentError, "not be that of"),
        ([halves], {"name": 3, "version": "1"}, vdb.ArgumentTypeError, "name must be a str"),
        ([halves], {"name": "", "version": "1"}, vdb.InvalidArgumentError, "1 to 64 printable"),
    ],
)
def test_what_is_no_analyzer_is_refused(arguments, options, error, text):
    with pytest.raises(error, match=text):
        lexical.analyzer(*arguments, **options)


def test_a_text_is_a_str():
    with pytest.raises(vdb.ArgumentTypeError, match="text must be a str, got bytes"):
        lexical.analyzer("simple").terms(b"a")
