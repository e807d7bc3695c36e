"""A text in a few of its own sentences: those that hold the words the text speaks of most. Nothing is written anew.

It counts words and knows some of English that say little; what it leaves out, it has not understood to be unimportant.
"""

import re
from collections import Counter
from dataclasses import dataclass

__all__ = ["LONGEST_TEXT", "Sentence", "summarise"]

LONGEST_TEXT = 20_000  # characters

_SENTENCE = re.compile(r".+?(?:[.!?…]+[\"')\]]*(?=\s|$)|\n\s*\n|$)", re.DOTALL)
_WORD = re.compile(r"[^\W\d_]{3,}")
_PLAIN = frozenset(
    _WORD.findall("""
about after all also and any are because been before being between both but can could did does each for from had has
have her here him his how into its just like more most not now off only other our out over own same she should some
such than that the their them then there these they this those through too under until very was way were what when
where which while who why will with would you your
""")
)


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a text.

    Attributes:
        place: The how-manieth it is, from 1.
        text: Its words, white space made one blank.
    """

    place: int
    text: str


def summarise(text: str, count: int) -> list[Sentence]:
    """Return the sentences that say most, in the order of the text.

    Args:
        text: At most `LONGEST_TEXT` characters are looked at.
        count: How many sentences; a text with no more than that is returned whole.
    """
    sentences = [
        Sentence(place, " ".join(part.split()))
        for place, part in enumerate(filter(str.strip, _SENTENCE.findall(text[:LONGEST_TEXT])), 1)
    ]
    weights = _weights(sentences)
    best = sorted(sentences, key=lambda each: (-_score(each, weights), each.place))[: max(count, 0)]
    return sorted(best, key=lambda each: each.place)


def _weights(sentences: list[Sentence]) -> Counter[str]:
    """Count in how many sentences each word stands; a word of one sentence only says nothing of the text."""
    counted = Counter(word for each in sentences for word in set(_words(each)))
    return Counter({word: number for word, number in counted.items() if number > 1})


def _score(sentence: Sentence, weights: Counter[str]) -> float:
    """Weigh a sentence by its words, and not by how many it has: long ones would always win, and headings too."""
    words = _words(sentence)
    return sum(weights[word] for word in set(words)) / (len(words) + 8)


def _words(sentence: Sentence) -> list[str]:
    found: list[str] = _WORD.findall(sentence.text.casefold())
    return [word for word in found if word not in _PLAIN]
