"""What the demo's people have said to each other: data for `demo`, and nothing else.

Times are told back from the moment of seeding, so that the talk always looks recent: `(days, "hh:mm")` is that time of
day, UTC, so many days ago; a plain number is minutes ago.
"""

# ruff: noqa: E501 - what people say is not broken into lines

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from .messaging.models import Profile, Role, Subject

When = int | tuple[int, str]


class Line(NamedTuple):
    """`files` are keys of `demo_files.FILES`; with them the text may be empty."""

    speaker: str
    when: When
    text: str
    files: tuple[str, ...] = ()


class Talk(NamedTuple):
    """`unread`: how many of the last messages somebody has not read yet; everybody else has read all.

    `closed`: who closed it, and when. `title` makes a group's name.
    """

    key: str
    people: tuple[str, ...]
    lines: tuple[Line, ...]
    subject: Subject | None = None
    title: str | None = None
    unread: Mapping[str, int] = MappingProxyType({})
    closed: tuple[str, When] | None = None


def _person(user_id: str, name: str, company: str, country: str, role: Role) -> Profile:
    return Profile(id=user_id, name=name, company_name=company, country=country, role=role)


PEOPLE = (
    _person("jonas", "Jonas Weber", "Weber Handel GmbH", "DE", Role.BUYER),
    _person("katrin", "Katrin Vogel", "Weber Handel GmbH", "DE", Role.BUYER),
    _person("carlos", "Carlos Ortega", "Ortega Comercial", "MX", Role.BUYER),
    _person("amira", "Amira Haddad", "Nile Cotton Mills", "EG", Role.SELLER),
    _person("lin", "Lin Mei-hua", "Formosa Steel Works", "TW", Role.SELLER),
    _person("elena", "Elena Rossi", "Oleificio Rossi", "IT", Role.SELLER),
    _person("deniz", "Deniz Aydın", "Anadolu Seramik", "TR", Role.SELLER),
    _person("priya", "Priya Nair", "Sunridge Solar", "IN", Role.SELLER),
)


def _product(
    key: str, title: str, price: float, currency: str, unit: str, moq: str, incoterm: str
) -> Subject:
    return Subject(
        type="product",
        id=key,
        title=title,
        image_url=f"/demo/{key}.svg",
        data={"price": price, "currency": currency, "unit": unit, "moq": moq, "incoterm": incoterm},
    )


YARN = _product("cotton-yarn", "Combed cotton yarn Ne 30/1", 3.85, "USD", "kg", "2,000 kg", "FOB Alexandria")
STEEL = _product(
    "steel-coil", "Hot-dip galvanised steel coil, 0.8 mm", 742, "USD", "t", "25 t", "CFR Veracruz"
)
OIL = _product("olive-oil", "Extra virgin olive oil, 5 l tin", 38.5, "EUR", "tin", "480 tins", "FCA Bari")
TILE = _product(
    "ceramic-tile", "Porcelain tile 60 × 60 cm, matt sand", 9.2, "EUR", "m²", "600 m²", "FOB Izmir"
)
SOLAR = _product(
    "solar-panel", "Monocrystalline panel, 550 W", 96, "USD", "piece", "310 pieces", "FOB Mundra"
)

# One line a message: it reads as the talk does.
# fmt: off
TALKS = (
    Talk(
        key="yarn-jonas",
        people=("jonas", "amira"),
        subject=YARN,
        unread={"jonas": 2},
        lines=(
            Line("jonas", (6, "08:12"), "Good morning Ms Haddad. We knit sweaters for three retail chains and need about 8 t of Ne 30/1 each quarter. Is the yarn combed and compact spun?"),
            Line("amira", (6, "08:40"), "Good morning Mr Weber. Combed, ring spun; compact is possible for +0.22 USD/kg. Giza 86, evenness U% 9.4. Shall I send the test report of the last lot?"),
            Line("jonas", (6, "08:44"), "Please do, and three cones as a sample if you can. Our lab is in Reutlingen."),
            Line("amira", (6, "09:15"), "Five cones leave today by courier, no charge. You should have them on Thursday."),
            Line("jonas", (3, "13:31"), "The cones arrived and the lab is happy: hairiness 5.1, strength well above our limit. What would you quote for 8 t, carded boxes, two lots a month apart?"),
            Line("amira", (3, "14:02"), "For 8 t in two lots: 3.72 USD/kg FOB Alexandria, 30 % with the order, rest against documents.\n\nFirst lot ready four weeks after the deposit."),
            Line("jonas", (3, "14:20"), "3.72 is fair. Our purchasing rules ask for 20 / 80, though. Could you live with that?"),
            Line("amira", (2, "07:55"), "With a letter of credit at sight, yes. Otherwise I have to stay at 30 %."),
            Line("jonas", (2, "09:10"), "A letter of credit is fine. I will ask our bank for a draft and send you the wording."),
            Line("jonas", (1, "10:26"), "Draft from the bank: latest shipment on the 28th of next month, partial shipments allowed, 21 days for presentation. Does that suit your mill?"),
            Line("amira", 52, "The dates suit us. One change, please: “transhipment allowed”. The direct line only calls at Hamburg every second week."),
            Line(
                "amira", 47, "And the beneficiary is Nile Cotton Mills S.A.E., not Ltd. The rest is perfect."
            ),
        ),
    ),
    Talk(
        key="steel-carlos",
        people=("carlos", "lin"),
        subject=STEEL,
        lines=(
            Line("carlos", (8, "15:20"), "Hello, I am looking for 50 t of galvanised coil for roofing profiles. Z140 or Z180?"),
            Line("lin", (8, "23:48"), "Hello Mr Ortega. Stock is Z140, G300. Z180 from the next rolling, about five weeks. Width 1,200 mm, coils of 5 to 7 t."),
            Line("carlos", (7, "14:05"), "Z180 please, the customer is on the coast. Price for 50 t CFR Veracruz?"),
            Line("lin", (7, "23:30"), "758 USD/t CFR Veracruz for Z180, valid until Friday. Mill certificate 3.1 is included."),
            Line("carlos", (5, "16:42"), "Friday is tight: I need the anti-dumping duty confirmed by my broker first. Can you hold the price until Tuesday?"),
            Line(
                "lin", (5, "23:12"), "I can hold it until Tuesday, 18:00 your time. After that zinc decides."
            ),
            Line("carlos", (2, "17:15"), "Broker says 0 % for your mill code. Let's do it: 50 t, Z180, 758 CFR. Please send the proforma."),
            Line("lin", (1, "00:05"), "Thank you! Here is the proforma. Please check the HS code on page two.", ("proforma",)),
            Line("carlos", (1, "15:31"), "Checked and signed. The deposit leaves our bank tomorrow."),
            Line("lin", 190, "Received with thanks. Rolling is booked for week 32, I will send photos of the coils before loading."),
        ),
    ),
    Talk(
        key="oil-jonas",
        people=("jonas", "elena"),
        subject=OIL,
        unread={"elena": 1},
        lines=(
            Line("jonas", (4, "09:02"), "Buongiorno, we would like to test your oil in our delicatessen line. Is the harvest date printed on the tin?"),
            Line("elena", (4, "09:36"), "Buongiorno! Yes: harvest, lot and acidity are on every tin. The current lot has 0.24 %."),
            Line("jonas", (4, "09:41"), "Very good. And German labels, with the allergen line in bold?"),
            Line("elena", (4, "11:10"), "We print them here from 480 tins. I need your artwork ten days before filling."),
            Line("jonas", (1, "08:15"), "The artwork is ready. What happens to the price if we take two pallets instead of one?"),
            Line("elena", (1, "08:50"), "Two pallets: 37.10 EUR a tin, FCA Bari."),
            Line("elena", (1, "08:53"), "", ("spoken",)),
            Line("jonas", 24, "Agreed for two pallets. When can the truck come?"),
        ),
    ),
    Talk(
        key="tile-carlos",
        people=("carlos", "deniz"),
        subject=TILE,
        unread={"carlos": 1},
        lines=(
            Line("carlos", (5, "14:30"), "Good afternoon. For a hotel in Mérida we need 1,800 m² of the matt sand tile. What is the slip class?"),
            Line("deniz", (5, "14:52"), "Good afternoon. R10 as standard; R11 as a structured version in the same colour. Both are frost-proof, water absorption below 0.5 %."),
            Line("carlos", (5, "15:03"), "R11 for the pool area, about 350 m². Same shade guaranteed?"),
            Line("deniz", (5, "15:20"), "Same glaze, and we would fire both in one shade lot. I put that in the offer."),
            Line("carlos", (3, "18:11"), "The architect asks for the 8 mm skirting too. 600 running metres."),
            Line("deniz", (2, "06:40"), "No problem, 2.35 EUR per metre. All together it fills two 20-foot containers: 24 t each, pallets strapped."),
            Line("deniz", 11, "The board as it leaves: matt sand on the left, and the structured R11 for the pool.", ("board", "matt", "ribbed")),
            Line("deniz", 8, "The sample board went out this morning. Tracking number: 1Z 884 20 6613."),
        ),
    ),
    Talk(
        key="solar-jonas",
        people=("jonas", "priya"),
        subject=SOLAR,
        closed=("jonas", (9, "12:20")),
        lines=(
            Line("jonas", (13, "07:30"), "Hello Ms Nair, do you have IEC 61215 and 61730 certificates for the 550 W panel? It is for our own warehouse roof, 310 pieces."),
            Line("priya", (13, "08:05"), "Hello Mr Weber, both, by TÜV Rheinland. Attenuation 0.45 % a year, 25 years of guaranteed output."),
            Line("jonas", (12, "09:12"), "The roof planner now needs black frames. Same price?"),
            Line("priya", (12, "10:01"), "98 USD with black frames. I can give you 96.50 if you take the full container."),
            Line("jonas", (11, "08:22"), "Full container it is. Please invoice 310 pieces at 96.50, FOB Mundra."),
            Line("priya", (10, "06:18"), "Invoice SR-1183 is sent. The vessel leaves on Sunday, 26 days to Hamburg."),
            Line("jonas", (9, "12:14"), "All papers are here, thank you for the quick work. I close this one; the next roof will be in spring."),
        ),
    ),
    Talk(
        key="solar-carlos",
        people=("carlos", "priya"),
        subject=SOLAR,
        unread={"carlos": 2},
        lines=(
            Line("carlos", (2, "19:40"), "Hello! Could the panel be shipped with connectors from Stäubli instead of your own?"),
            Line("priya", (1, "05:12"), "Hello Mr Ortega. Yes, original MC4-Evo2 at +1.10 USD a panel."),
            Line("carlos", (1, "18:55"), "And hail? Chihuahua gets stones of 35 mm."),
            Line("priya", 260, "Certified for 25 mm at 23 m/s. For 35 mm I recommend the 3.2 mm front glass, +4 USD."),
            Line("priya", 256, "The report on 35 mm stones is by an independent laboratory in Berlin. I will send it with the offer."),
        ),
    ),
    Talk(
        key="tile-katrin",
        people=("katrin", "deniz"),
        subject=TILE,
        lines=(
            Line("katrin", (3, "08:30"), "Good morning Mr Aydın, is there a 30 × 60 version of the matt sand tile for a showroom wall?"),
            Line("deniz", (3, "08:47"), "Good morning! Yes, 30 × 60 and 60 × 120. Wall needs 7 mm only, which saves you some freight."),
            Line("katrin", (3, "09:05"), "Then 85 m² of 30 × 60, please, with the next container for our company."),
            Line("deniz", (3, "09:11"), "Noted. I add it to the packing list and send you the updated proforma."),
            Line("katrin", (2, "13:02"), "Received, all correct. Thank you!"),
        ),
    ),
    Talk(
        key="shipment",
        people=("jonas", "katrin", "amira"),
        title="Shipment Alexandria – Hamburg",
        unread={"jonas": 1, "amira": 1},
        lines=(
            Line("katrin", (2, "10:00"), "I open this group for the first container. Customs here needs the EUR.1 as a scan before arrival."),
            Line("amira", (2, "10:25"), "Understood. Our forwarder is Delta Marine; booking DM-40917, one 40-foot high cube."),
            Line("jonas", (2, "10:31"), "Katrin takes over from here. I am only reading along."),
            Line("amira", (1, "12:44"), "Gate-in is on Wednesday. Net weight 8,120 kg, 338 cartons, all on heat-treated pallets."),
            Line("katrin", (1, "13:10"), "Perfect. Which vessel?"),
            Line("amira", (1, "13:22"), "Planned: “Nordic Heron”, voyage 231N. Arrival in Hamburg after 11 days."),
            Line(
                "katrin", 95, "The unloading slot is booked. Please send the EUR.1 as soon as it is stamped."
            ),
        ),
    ),
    Talk(
        key="colleagues",
        people=("jonas", "katrin"),
        unread={"katrin": 1},
        lines=(
            Line("jonas", (1, "07:40"), "Can you look over the letter of credit for the yarn before it goes back to the bank?"),
            Line("katrin", (1, "07:58"), "Already done: the port should read “any port in Egypt”, otherwise a re-route costs us an amendment."),
            Line("jonas", (1, "08:01"), "Good catch."),
            Line("jonas", 40, "Amira wants transhipment allowed. Do you see a problem?"),
        ),
    ),
    Talk(
        key="oil-carlos",
        people=("carlos", "elena"),
        subject=OIL,
        unread={"elena": 1},
        lines=(
            Line("carlos", (1, "16:20"), "Good afternoon, do you ship to Mexico? We would start with one pallet of the 5 l tin."),
            Line("elena", (1, "16:45"), "Good afternoon! We do, through Genoa. For Mexico the label needs the NOM-051 panel; we have a template."),
            Line("carlos", 75, "Please send me the template, and the price CIF Veracruz."),
        ),
    ),
    Talk(
        key="steel-jonas",
        people=("jonas", "lin"),
        subject=STEEL,
        unread={"lin": 1},
        lines=(
            Line("jonas", 310, "Hello Ms Lin, would you also quote for small lots, 5 t in slit coil of 300 mm? It is for our shelving supplier."),
        ),
    ),
)
# fmt: on
