"""What was tried on the way to the model, with the figures, for the model card.

5-fold cross-validation over all 7,911 labels with one fixed split; macro-F1 over the 2,271 papers drawn by chance and
over all, and accuracy over the former. The words' frequencies of the trials in the first table came from all papers
without their labels; there only the row of the model itself is nested in every step. Two rows that differ by less than
a point do not differ.
"""

from __future__ import annotations

TRIED: tuple[tuple[str, float, float, float, str], ...] = (
    ("linear SVM on words and pairs (the base of the next rows)", 0.724, 0.658, 0.759, ""),
    ("… words alone", 0.713, 0.639, 0.744, ""),
    ("… and three words in a row", 0.729, 0.660, 0.764, "no gain"),
    ("… and words two apart", 0.724, 0.656, 0.762, "no gain"),
    ("… and stems", 0.720, 0.662, 0.760, "no gain"),
    ("… and the comment field", 0.724, 0.657, 0.761, "no gain"),
    ("… and title words, or those of the first sentence, as terms of their own", 0.724, 0.660, 0.761, "no gain"),
    ("… and pairs of categories", 0.726, 0.658, 0.759, "no gain"),
    ("… sentences of contribution counted twice", 0.718, 0.653, 0.753, "worse"),
    ("linear SVM, C = 0.25, measured anew: the title three times, categories twice", 0.711, 0.645, 0.748, ""),
    ("… the title once", 0.710, 0.638, 0.749, "worse on all"),
    ("… without the title", 0.696, 0.623, 0.735, "worse"),
    ("… without categories", 0.703, 0.636, 0.739, "worse"),
    ("characters, 3 to 5", 0.687, 0.623, 0.728, "worse, and ten times slower"),
    ("words, pairs and characters together", 0.724, 0.656, 0.757, "no gain"),
    ("NB-SVM (log-count ratios)", 0.707, 0.652, 0.740, "worse"),
    ("topic first, the level by its topic", 0.643, 0.563, 0.700, "worse"),
    ("self-training: 6,200 confident answers on unlabelled papers added", 0.731, 0.659, 0.767, "within the noise"),
    ("logistic regression on words and pairs", 0.735, 0.670, 0.768, ""),
    ("ridge on words and pairs, a fifth of a label to the second level", 0.719, 0.661, 0.759, ""),
    ("ridge on levels and topics, stacked by logistic regression (the first version's model)", 0.757, 0.700, 0.782, ""),
    ("… stacked by a Gaussian SVM", 0.765, 0.708, 0.791, ""),
    ("… averaged with logistic regression and a network on LSA", 0.758, 0.699, 0.786, "no gain for three models"),
    ("LSA of 27,000 papers, 200 dimensions, logistic regression", 0.721, 0.661, 0.753, ""),
    ("LSA, 400 dimensions, network with 256 hidden units, levels and topics, three seeds", 0.748, 0.679, 0.774, ""),
    ("LSA, 400 dimensions, ridge with Gaussian kernel, stacked", 0.772, 0.706, 0.798, ""),
    ("… LSA from the unlabelled papers only, 300 dimensions", 0.772, 0.700, 0.796, "no loss, and no leak"),
    ("… approximated by 2,000 landmarks (Nyström)", 0.745, 0.674, 0.775, "worse"),
    ("both ridges stacked, 150 dimensions, random papers counting once (chosen in kind)", 0.778, 0.722, 0.804, ""),
    ("… random papers counting twice", 0.774, 0.716, 0.798, "no gain"),
    ("… random papers counting fourfold", 0.777, 0.709, 0.797, "no gain"),
    ("… 100 dimensions, half of the words", 0.777, 0.721, 0.799, "no loss"),
    ("… nested in every step (the former model)", 0.771, 0.723, 0.797, ""),
)
"""What, macro-F1 over random papers, over all, accuracy over random papers, verdict."""

FORMER = "words, and nearness by latent semantic analysis (the former model)"

SURER: tuple[tuple[str, float, float, float, float, float], ...] = (
    (FORMER, 0.771, 0.609, 0.930, 0.903, 0.640),
    ("… sure by the lead over the runner-up instead of the confidence", 0.771, 0.610, 0.932, 0.903, 0.657),
    ("… sure by entropy", 0.771, 0.604, 0.925, 0.895, 0.619),
    (
        "… sure by a second model (lead, agreement of both ridges, topics, length, level)",
        0.771,
        0.612,
        0.927,
        0.902,
        0.641,
    ),
    ("… the same, boosted trees", 0.771, 0.604, 0.929, 0.904, 0.629),
    ("… LSA of 26,900 papers, 100 dimensions", 0.778, 0.605, 0.927, 0.903, 0.634),
    ("… 200 dimensions", 0.769, 0.586, 0.926, 0.902, 0.619),
    ("… 400 dimensions", 0.772, 0.590, 0.921, 0.894, 0.601),
    ("LSA replaced by the encoder's directions, told from words", 0.784, 0.638, 0.929, 0.909, 0.664),
    ("both in one space, 200 dimensions, 48,000 terms (larger than 20 MB)", 0.787, 0.660, 0.929, 0.914, 0.689),
    ("… and 26,900 papers labelled by a teacher with encoder, never of the fold", 0.787, 0.654, 0.928, 0.914, 0.685),
    ("… 300 dimensions, 30,000 terms", 0.787, 0.663, 0.930, 0.916, 0.690),
    ("… 128 dimensions, 30,000 terms", 0.778, 0.659, 0.928, 0.918, 0.692),
    ("**… 160 dimensions, 30,000 terms (this model)**", 0.782, 0.660, 0.928, 0.918, 0.694),
    ("… sure by the lead over the runner-up instead of the confidence", 0.782, 0.658, 0.931, 0.919, 0.696),
)
"""What, macro-F1, share shown as sure, its precision, precision of the surest 70 %, the largest share right in 92 %."""

ENCODERS: tuple[tuple[str, str, float, float, str, str], ...] = (
    ("the encoder alone", "", 0.739, 0.682, "", ""),
    (FORMER, "", 0.771, 0.723, "", ""),
    ("… and a third regression on the encoder", "the former", 0.782, 0.735, "+1.1 (-0.2 to +2.5)", "+1.2 (+0.4 to +2.0)"),
    ("… LSA and encoder in one kernel", "the former", 0.789, 0.744, "+1.8 (+0.7 to +3.0)", "+2.1 (+1.4 to +2.8)"),
    ("**this model**: told from words", "the former", 0.782, 0.732, "+1.1 (-0.2 to +2.5)", "+0.9 (+0.2 to +1.6)"),
    (
        "… and a third regression on the encoder (the extra)",
        "this model",
        0.795,
        0.741,
        "+1.3 (+0.1 to +2.6)",
        "+0.8 (+0.2 to +1.5)",
    ),
    ("… space and encoder in one kernel", "this model", 0.791, 0.740, "+0.9 (-0.4 to +2.2)", "+0.8 (+0.1 to +1.4)"),
)
"""What, against what, macro-F1 over random papers and over all, and what that gains in points over both."""
