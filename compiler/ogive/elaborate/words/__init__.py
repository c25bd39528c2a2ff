"""The words of connectivity, and `unit`: one file each."""

from ogive.elaborate.words.aux import AUX
from ogive.elaborate.words.clique import CLIQUE
from ogive.elaborate.words.dense import DENSE
from ogive.elaborate.words.residual import RESIDUAL
from ogive.elaborate.words.unit import UNIT

WORDS = {word.name: word for word in (RESIDUAL, DENSE, CLIQUE, AUX, UNIT)}
