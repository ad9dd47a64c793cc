"""Briefs and texts with the claims a careful editor would mark: `[kind|words]` stands around each.

Written by hand before the rules were, half to work with and half held out; `test_claims` measures both.
"""

import re

MARK = re.compile(r"\[(name|number|date|quote)\|(.*?)\]", re.DOTALL)

GALLERY = (
    "A review of a small show of ceramics in a converted bakery. Eleven pots by Ines Marr, salt-glazed, open "
    "until 14 March. Must mention the ovens."
)
BRIDGE = (
    "News item. The city council voted 23 to 9 on Tuesday to close the Harrow Bridge for repairs from 2 June 2026"
    " for sixteen weeks. Cost £4.2 million. Councillor Priya Nair: “We can't wait for another winter.” Buses 14 "
    "and 27 will be diverted over Mill Lane."
)
BAND = (
    "Album review: “Low Tide”, third record by the duo Glass Harbour (Noor Haddad, drums; Finn Osei, voice). Nine"
    " songs, 38 minutes, recorded in Lisbon in the winter of 2024. Out on Friday."
)
CAFE = (
    "Portrait of a repair cafe in Leith, run by volunteers since 2016. Every second Saturday, 10am to 2pm. About "
    "1,200 things mended so far, 70 % of them kettles, lamps and toasters. Organiser: Marr, Ines."
)
RIVER = (
    "Blog post about swimming in the Aire. Water quality report of the Environment Agency, 8 May: 340 E. coli per"
    " 100 ml at Kirkstall, limit 900. We swam on 12/05, four of us, 13 degrees."
)
LIBRARY = (
    "# Library reopens\n\nThe Moor Street Library opens again on Monday, 3 February after two years. 60,000 books, "
    "a hundred seats, a room for children. Architect: Hanna Lindqvist. The mayor, Tom Achebe, said: “A town "
    "without a library is a waiting room.”"
)

WORKED_WITH = [
    (
        GALLERY,
        "The old bakery on [name|Quay Street] still smells of flour. Ines Marr has set eleven of them on the cold"
        " lip of the ovens. It is her [number|first exhibition] in the city.",
    ),
    (
        GALLERY,
        "Marr’s 11 pots stand close. The show closes on March 14th. “[quote|I never wanted them to shine]”, she "
        "told me.",
    ),
    (
        GALLERY,
        "There are [number|twelve] pots, glazed with salt, until [date|15 March]. The critic [name|Paul Ashdown] "
        "called them [number|the first] of their kind.",
    ),
    (
        GALLERY,
        "# Pots In The Bakery\n\nBread was baked here until [date|1987]. Now Ines Marr fires her clay in the ovens,"
        " and the city’s bakers come to look.",
    ),
    (
        GALLERY,
        "[date|Monday] to [date|Friday] it is quiet. On [date|Saturday] the queue reaches [name|Tanner Row]. I "
        "stayed for an hour and saw one child touch a pot.",
    ),
    (
        BRIDGE,
        "Councillors voted 23–9 to shut Harrow Bridge from 2 June for 16 weeks. The work will cost £4.2m, said "
        "Priya Nair. “We can’t wait for another winter.”",
    ),
    (
        BRIDGE,
        "The bridge closes on [date|3 June] and opens again in [date|October]. It was built in [date|1911] by "
        "[name|Thomas Arkwright] and carries [number|18,000] cars a day.",
    ),
    (
        BRIDGE,
        "Buses 14, 27 and [number|41] take Mill Lane. The repairs cost [number|£4.8 million], [number|12 %] more "
        "than planned. Cllr Nair said that the bridge is “[quote|falling apart under our feet]”.",
    ),
    (
        BRIDGE,
        "By Tuesday, the council had made up its mind. The council spoke for [number|three] hours. Nair, who had "
        "argued for it, smiled.",
    ),
    (
        BAND,
        "Glass Harbour’s third record is nine songs and thirty-eight minutes long. “Low Tide” was made in Lisbon "
        "in 2024, and it sounds like rain on tin. Haddad’s drums are patient; Osei sings as if to [name|Lou "
        "Reed].",
    ),
    (
        BAND,
        "The opener, “[quote|Salt in the Engine]”, lasts [number|seven] minutes. It was produced by [name|Marta "
        "Reis] at [name|Estúdio Norte], and it has sold [number|20,000] copies since [date|Thursday].",
    ),
    (
        CAFE,
        "Since 2016 volunteers in Leith have mended some 1200 things, seventy per cent of them kettles, lamps and"
        " toasters. Ines Marr opens the door at ten in the morning.",
    ),
    (
        CAFE,
        "At [date|9.30 am] there is already a queue. [name|Duncan Reid], [number|71], has brought a radio from "
        "[date|1958]. “[quote|It was my father's]”, he says. “[quote|It only needs a wire].”",
    ),
    (
        CAFE,
        "## What Is Mended\n\n1. kettles\n2. lamps\n3. toasters\n\nThe rest, [number|40 %], is bicycles. See "
        "https://example.org/2019/Repairs for more.",
    ),
    (
        RIVER,
        "On 12 May the four of us swam in the Aire at Kirkstall. It was 13 degrees. The Environment Agency had "
        "found 340 E. coli in 100 ml a few days before, well under the limit of 900.",
    ),
    (
        RIVER,
        "The water was [number|15 degrees] warm. In [date|2023] the Agency counted [number|2,100] at "
        "[name|Apperley Bridge]. [name|Yorkshire Water] says it will spend [number|half a billion].",
    ),
    (
        LIBRARY,
        "On 3 February the Moor Street Library opens its doors. Hanna Lindqvist’s building has a hundred seats "
        "and 60 000 books. Mayor Achebe called a town without a library “a waiting room”.",
    ),
    (
        LIBRARY,
        "The library opens on [date|Tuesday, 3 February]. Lindqvist, who won the [name|Stirling Prize] in "
        "[date|2019], has kept the oak tables. There are [number|eighty] seats.",
    ),
]

HELD_OUT = [
    (
        GALLERY,
        "Walk in from the harbour and you smell bread that is no longer there. What Marr has done with the ovens "
        "is simple. She leaves the doors open. Nothing in the room costs less than [number|£300].",
    ),
    (
        GALLERY,
        "Ines Marr was born in [name|Tavira] in [date|1979] and learned from [name|Bernard Leach]. Her "
        "[number|second show] in [number|ten] years has pots by the dozen, or nearly: eleven. It ends on 14/3.",
    ),
    (
        GALLERY,
        "In the back room, where the [name|Hobart] mixer stood, the pots whisper. Salt, fire, clay. I asked Ines "
        "why. “[quote|Because bread is finished]”, she said.",
    ),
    (
        BRIDGE,
        "HARROW BRIDGE TO CLOSE\n\nDrivers face [number|four months] of diversions. From June 2nd buses 14 and 27 "
        "go over Mill Lane. The vote was [number|24] to [number|8].",
    ),
    (
        BRIDGE,
        "Harrow Bridge, a listed structure from [date|the 1930s], will be closed for sixteen weeks. "
        "[name|Councillor Grant] voted against. “[quote|Trade will die]”, he warned. Shops on [name|Castle "
        "Street] have lost [number|a third] of their customers already.",
    ),
    (
        BRIDGE,
        "Priya Nair can't wait for another winter, she says. Nobody on the council could say what happens in "
        "[date|November] if the money runs out.",
    ),
    (
        BAND,
        "Recorded over [number|six] nights in Lisbon, Low Tide is Noor Haddad and Finn Osei at their barest. The "
        "best song, “[quote|Harbour Lights]”, recalls [name|Talk Talk]. [number|4/5]",
    ),
    (
        BAND,
        "It is the winter of 2024 and two people are in a room. Finn Osei hums. Noor Haddad taps a rim. That is "
        "how the record begins. [date|A year] later it is a Friday, and it is out.",
    ),
    (
        CAFE,
        "Ines Marr has a rule: whoever brings it must hold the screwdriver. By 2 pm the tables are empty. Two "
        "lamps stay behind. “[quote|Next time]”, says [name|Ewa Nowak], who has come from [name|Portobello].",
    ),
    (
        CAFE,
        "The cafe opened in 2016. It saves [number|two tonnes] of waste a year, according to [name|Zero Waste "
        "Scotland], and is open every second [date|Sunday].",
    ),
    (
        RIVER,
        "We read the report twice. At Kirkstall: 340. The limit: 900. So on the twelfth of May we went in, all "
        "four of us, and [name|Jonas] screamed. The heron on the weir, which had seen it all, did not.",
    ),
    (
        RIVER,
        "The Aire rises at [name|Malham] and runs [number|92 miles] to the [name|Ouse]. In the [date|nineteenth "
        "century] it was a sewer. Today the Environment Agency calls it “[quote|improving]”.",
    ),
    (
        LIBRARY,
        "Two years is a long time for a town that reads. But on Monday the doors of Moor Street open again, and "
        "sixty thousand books are back. Tom Achebe was the first to borrow one. It was [name|Middlemarch].",
    ),
    (
        LIBRARY,
        "The new library cost [number|€12 million], of which the [name|Carnegie Trust] paid [number|a quarter]. "
        "Children get [number|five hundred] square metres on [number|two floors].",
    ),
]


def example(brief: str, marked: str) -> tuple[str, str, list[tuple[str, int, int]]]:
    """(brief, text without marks, [(kind, start, end)])."""
    text, claims, at = "", [], 0
    for mark in MARK.finditer(marked):
        text += marked[at : mark.start()]
        claims.append((mark[1], len(text), len(text) + len(mark[2])))
        text += mark[2]
        at = mark.end()
    return brief, text + marked[at:], claims
