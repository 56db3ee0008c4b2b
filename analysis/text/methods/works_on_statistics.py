"""Works on statistics that a study's methods may cite."""

from __future__ import annotations

from analysis.text.methods.work import Work

WORKS = {
    "barrio": Work(
        "E. del Barrio, J. A. Cuesta-Albertos, C. Matrán",
        "An optimal transportation approach for assessing almost stochastic order",
        "The Mathematics of the Uncertain",
        2018,
        publisher="Springer",
    ),
    "benavoli": Work(
        "A. Benavoli, G. Corani, J. Demšar, M. Zaffalon",
        "Time for a change: a tutorial for comparing multiple classifiers through Bayesian analysis",
        "Journal of Machine Learning Research",
        2017,
        volume=18,
    ),
    "bouthillier": Work(
        "X. Bouthillier et al.", "Accounting for variance in machine learning benchmarks", "MLSys", 2021
    ),
    "brown": Work(
        "L. D. Brown, T. T. Cai, A. DasGupta",
        "Interval estimation for a binomial proportion",
        "Statistical Science",
        2001,
        volume=16,
    ),
    "dror": Work(
        "R. Dror, S. Shlomov, R. Reichart", "Deep dominance: how to properly compare deep neural models", "ACL", 2019
    ),
    "efron": Work(
        "B. Efron, R. J. Tibshirani", "An introduction to the bootstrap", "", 1993, publisher="Chapman and Hall"
    ),
    "greenhouse": Work(
        "S. W. Greenhouse, S. Geisser", "On methods in the analysis of profile data", "Psychometrika", 1959, volume=24
    ),
    "hedges": Work(
        "L. V. Hedges",
        "Distribution theory for Glass's estimator of effect size and related estimators",
        "Journal of Educational Statistics",
        1981,
        volume=6,
    ),
    "holm": Work(
        "S. Holm",
        "A simple sequentially rejective multiple test procedure",
        "Scandinavian Journal of Statistics",
        1979,
        volume=6,
    ),
    "hsu": Work(
        "J. C. Hsu",
        "Simultaneous confidence intervals for all distances from the 'best'",
        "Annals of Statistics",
        1981,
        volume=9,
    ),
    "kenward": Work(
        "M. G. Kenward, J. H. Roger",
        "Small sample inference for fixed effects from restricted maximum likelihood",
        "Biometrics",
        1997,
        volume=53,
    ),
    "linnet": Work(
        "K. Linnet",
        "Estimation of the linear relationship between the measurements of two methods with proportional errors",
        "Statistics in Medicine",
        1990,
        volume=9,
    ),
    "lipton": Work(
        "Z. C. Lipton, Y.-X. Wang, A. J. Smola",
        "Detecting and correcting for label shift with black box predictors",
        "ICML",
        2018,
    ),
    "miller": Work("R. G. Miller", "Jackknifing variances", "Annals of Mathematical Statistics", 1968, volume=39),
    "nadeau": Work(
        "C. Nadeau, Y. Bengio", "Inference for the generalization error", "Machine Learning", 2003, volume=52
    ),
    "owen": Work("A. B. Owen", "The pigeonhole bootstrap", "Annals of Applied Statistics", 2007, volume=1),
    "patterson": Work(
        "H. D. Patterson, R. Thompson",
        "Recovery of inter-block information when block sizes are unequal",
        "Biometrika",
        1971,
        volume=58,
    ),
    "russo": Work("D. Russo", "Simple Bayesian algorithms for best arm identification", "COLT", 2016),
    "schuirmann": Work(
        "D. J. Schuirmann",
        "A comparison of the two one-sided tests procedure and the power approach for assessing the equivalence of "
        "average bioavailability",
        "Journal of Pharmacokinetics and Biopharmaceutics",
        1987,
        volume=15,
    ),
    "shrout": Work(
        "P. E. Shrout, J. L. Fleiss",
        "Intraclass correlations: uses in assessing rater reliability",
        "Psychological Bulletin",
        1979,
        volume=86,
    ),
    "storey": Work(
        "J. D. Storey",
        "A direct approach to false discovery rates",
        "Journal of the Royal Statistical Society, Series B",
        2002,
        volume=64,
    ),
    "welch": Work(
        "B. L. Welch",
        "The generalization of 'Student's' problem when several different population variances are involved",
        "Biometrika",
        1947,
        volume=34,
    ),
    "wilson": Work(
        "E. B. Wilson",
        "Probable inference, the law of succession, and statistical inference",
        "Journal of the American Statistical Association",
        1927,
        volume=22,
    ),
}
