"""Names of genres that pass the check come back unchanged from each kind of tag."""

from __future__ import annotations

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from tagger.core.domain import GENRE
from tagger.core.genres import name_fault
from tagger.tags.containers.apev2 import Apev2
from tagger.tags.containers.asf import AsfAttributes
from tagger.tags.containers.id3 import Id3v2
from tagger.tags.containers.ilst import Ilst
from tagger.tags.containers.vorbis import VorbisComment

TAGS = {
    "ID3v2.2": Id3v2((), 0, 2),
    "ID3v2.3": Id3v2((), 0, 3),
    "ID3v2.4": Id3v2((), 0, 4),
    "Vorbis": VorbisComment((), 0),
    "APEv2": Apev2((), 0),
    "MP4": Ilst((), 0),
    "ASF": AsfAttributes((), 0),
}
NAMES = st.one_of(st.text("()019RXC /é\ufeff\u3000中ÿþÃ©", min_size=1, max_size=5), st.text())


@pytest.mark.parametrize("kind", TAGS)
@given(NAMES)
@example(name="\ufeffRock")
def test_a_name_without_a_fault_is_read_as_it_was_written(kind, name):
    assume(name_fault(name) is None)
    for names in ((name,), ("Jazz", name)):
        assert TAGS[kind].with_values(GENRE, names).values(GENRE) == names
