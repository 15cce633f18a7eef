"""Texts for what is measured, as people write them in several languages: searches and compression see words.

Each stream is the same for the same seed.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Sequence
from typing import NamedTuple

#: The product takes 5,000 characters. A text of more bytes than that needs characters that are larger.
PLAIN_UPTO_BYTES = 4_096
#: Of such a text, what the load generator writes itself: who, which, when, and some letters more.
HEAD_BYTES = 64
_FACES = "👍🎉😀🚢📦🧵🤝🙏"
_SPOKEN = {
    "en": (50, "price sample order container shipment invoice payment delivery quality steel cotton yarn tonne"
           " offer please confirm could you send the of for and to we is with our by this week port customs"
           " certificate origin discount quantity minimum lead time packing pallet today tomorrow thanks"
           " regards meeting"),
    "tr": (15, "fiyat numune sipariş konteyner sevkiyat fatura ödeme teslimat kalite çelik pamuk iplik ton"
           " teklif lütfen teyit eder misiniz için ve bir bu hafta liman gümrük sertifika menşe indirim"
           " miktar en az süre ambalaj bugün yarın teşekkürler saygılar ılık İzmir İstanbul Ankara görüşme"),
    "de": (10, "Preis Muster Auftrag Behälter Lieferung Rechnung Zahlung Qualität Stahl Baumwolle Garn Tonne"
           " Angebot bitte bestätigen könnten Sie für und der die das wir mit Größe Straße Zürich München"
           " heute morgen Grüße Zoll"),
    "es": (10, "precio muestra pedido contenedor envío factura pago entrega calidad acero algodón hilo tonelada"
           " oferta por favor confirmar podría usted para y el la de con año mañana gracias saludos aduana"
           " certificado"),
    "ru": (5, "цена образец заказ контейнер отгрузка счёт оплата доставка качество сталь хлопок пряжа тонна"
           " предложение пожалуйста подтвердите для и мы с сегодня завтра спасибо"),
    "zh": (10, "价格 样品 订单 集装箱 发货 发票 付款 交货 质量 钢 棉 纱 吨 报价 请 确认 能否 的 和 我们 本周"
           " 港口 海关 证书 原产地 折扣 数量 最低 包装 今天 明天 谢谢"),
}  # fmt: skip
_ENDINGS = ["", "s", "er", "ing", "ler", "lar", "den", "e", "en", "a", "os", "ы", "ом"]
_SYLLABLES = [a + b for a in "bcdfghklmnprstvz" for b in "aeiou"]


class Language(NamedTuple):
    words: Sequence[str]
    weights: Sequence[float]
    glue: str


def languages(chance: random.Random) -> tuple[list[Language], list[int]]:
    """Common words as people use them, and a long tail of names, codes and inflected forms, by Zipf's law."""
    made, shares = [], []
    for name, (share, common) in _SPOKEN.items():
        words = common.split()
        chance.shuffle(words)
        if name == "zh":
            tail = ["".join(chance.choices("".join(words), k=2)) for _ in range(3_000)]
        else:
            stems = ["".join(chance.choices(_SYLLABLES, k=chance.choice((2, 2, 3, 4)))) for _ in range(4_000)]
            tail = [stem + chance.choice(_ENDINGS) for stem in stems]
            tail += [word + ending for word in words for ending in _ENDINGS[1:5]]
            tail += [f"{chance.choice('ABCKPX')}{chance.choice('OQRT')}-{n}" for n in range(1_000, 3_000)]
            chance.shuffle(tail)
        words += tail
        cumulative = list(itertools.accumulate(1 / (rank + 3) for rank in range(len(words))))
        made.append(Language(words, cumulative, "" if name == "zh" else " "))
        shares.append(share)
    return made, shares


def english(chance: random.Random) -> Iterator[str]:
    """Messages without end, as `texts` has them, of ASCII letters only."""
    [language, *_], _ = languages(chance)
    plain = [word for word in language.words if word.isascii()]
    while True:
        yield (
            " ".join(chance.choices(plain, cum_weights=language.weights[: len(plain)], k=_words(chance)))
            + "."
        )


def texts(chance: random.Random) -> Iterator[str]:
    """Messages without end: 11 words on average, most short, few long."""
    spoken, shares = languages(chance)
    while True:
        for language in chance.choices(spoken, shares, k=1_000):
            words = chance.choices(language.words, cum_weights=language.weights, k=_words(chance))
            yield language.glue.join(words) + chance.choice([".", "", "?", " 👍", "!"])


def _words(chance: random.Random) -> int:
    return min(80, 1 + int(chance.expovariate(1 / 11)))


def filler(size_bytes: int) -> str:
    """Exactly so many bytes of UTF-8 in few characters, the same each time, with nothing that JSON escapes.

    Chinese, with faces between the words.
    """
    chance = random.Random(size_bytes)
    words = _SPOKEN["zh"][1].split()
    made: list[str] = []
    missing = size_bytes
    while missing > 0:
        word = chance.choice(words) + chance.choice(_FACES)
        length = len(word.encode())
        made.append(word if length <= missing else "x" * missing)
        missing -= length
    return "".join(made)
