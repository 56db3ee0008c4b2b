"""The works that a study's paragraph on methods may cite."""

from __future__ import annotations

REFERENCES: dict[str, tuple[str, str]] = {
    "akiba": (
        "Akiba et al., 2019",
        (
            "T. Akiba, S. Sano, T. Yanase, T. Ohta, M. Koyama. Optuna: a next-generation hyperparameter optimization "
            "framework. KDD 2019."
        ),
    ),
    "barrio": (
        "del Barrio et al., 2018",
        (
            "E. del Barrio, J. A. Cuesta-Albertos, C. Matran. An optimal transportation approach for assessing almost "
            "stochastic order. The Mathematics of the Uncertain, Springer, 2018."
        ),
    ),
    "benavoli": (
        "Benavoli et al., 2017",
        (
            "A. Benavoli, G. Corani, J. Demsar, M. Zaffalon. Time for a change: a tutorial for comparing multiple "
            "classifiers through Bayesian analysis. Journal of Machine Learning Research 18, 2017."
        ),
    ),
    "bouthillier": (
        "Bouthillier et al., 2021",
        ("X. Bouthillier et al. Accounting for variance in machine learning benchmarks. MLSys 2021."),
    ),
    "brown": (
        "Brown et al., 2001",
        (
            "L. D. Brown, T. T. Cai, A. DasGupta. Interval estimation for a binomial proportion. Statistical Science "
            "16, 2001."
        ),
    ),
    "deng": (
        "Deng et al., 2021",
        (
            "J. Deng, C. Gao, Q. Feng, X. Xu, Z. Chen. Adaptive generalized cross-entropy loss for sound event "
            "classification with noisy labels. WASPAA 2021. doi 10.1109/WASPAA52581.2021.9632679."
        ),
    ),
    "dror": (
        "Dror et al., 2019",
        ("R. Dror, S. Shlomov, R. Reichart. Deep dominance: how to properly compare deep neural models. ACL 2019."),
    ),
    "efron": (
        "Efron and Tibshirani, 1993",
        ("B. Efron, R. J. Tibshirani. An introduction to the bootstrap. Chapman and Hall, 1993."),
    ),
    "englesson": (
        "Englesson and Azizpour, 2021",
        (
            "E. Englesson, H. Azizpour. Generalized Jensen-Shannon divergence loss for learning with noisy "
            "labels. NeurIPS 2021."
        ),
    ),
    "feng": (
        "Feng et al., 2020",
        ("L. Feng, S. Shu, Z. Lin, F. Lv, L. Li, B. An. Can cross entropy loss be robust to label noise? IJCAI 2020."),
    ),
    "fonseca": (
        "Fonseca et al., 2019",
        (
            "E. Fonseca, M. Plakal, D. P. W. Ellis, F. Font, X. Favory, X. Serra. Learning sound event classifiers "
            "from web audio with noisy labels. ICASSP 2019."
        ),
    ),
    "fonseca_fsd50k": (
        "Fonseca et al., 2022",
        (
            "E. Fonseca, X. Favory, J. Pons, F. Font, X. Serra. FSD50K: an open dataset of human-labeled sound events. "
            "IEEE/ACM Transactions on Audio, Speech, and Language Processing 30, 2022. "
            "doi 10.1109/TASLP.2021.3133208."
        ),
    ),
    "fonseca_waspaa": (
        "Fonseca, Font and Serra, 2019",
        (
            "E. Fonseca, F. Font, X. Serra. Model-agnostic approaches to handling noisy labels when training sound "
            "event classifiers. WASPAA 2019."
        ),
    ),
    "frosst": (
        "Frosst et al., 2019",
        (
            "N. Frosst, N. Papernot, G. Hinton. Analyzing and improving representations with the soft nearest neighbor "
            "loss. ICML 2019."
        ),
    ),
    "ghosh": (
        "Ghosh et al., 2017",
        (
            "A. Ghosh, H. Kumar, P. S. Sastry. Robust loss functions under label noise for deep neural networks. "
            "AAAI 2017."
        ),
    ),
    "greenhouse": (
        "Greenhouse and Geisser, 1959",
        ("S. W. Greenhouse, S. Geisser. On methods in the analysis of profile data. Psychometrika 24, 1959."),
    ),
    "hedges": (
        "Hedges, 1981",
        (
            "L. V. Hedges. Distribution theory for Glass's estimator of effect size and related estimators. Journal of "
            "Educational Statistics 6, 1981."
        ),
    ),
    "holm": (
        "Holm, 1979",
        (
            "S. Holm. A simple sequentially rejective multiple test procedure. Scandinavian Journal of Statistics 6, "
            "1979."
        ),
    ),
    "hsu": (
        "Hsu, 1981",
        "J. C. Hsu. Simultaneous confidence intervals for all distances from the 'best'. Annals of Statistics 9, 1981.",
    ),
    "kenward": (
        "Kenward and Roger, 1997",
        (
            "M. G. Kenward, J. H. Roger. Small sample inference for fixed effects from restricted maximum likelihood. "
            "Biometrics 53, 1997."
        ),
    ),
    "li": (
        "Li et al., 2020",
        (
            "L. Li, K. Jamieson, A. Rostamizadeh, E. Gonina, J. Ben-tzur, M. Hardt, B. Recht, A. Talwalkar. A system "
            "for massively parallel hyperparameter tuning. MLSys 2020."
        ),
    ),
    "lin": (
        "Lin et al., 2017",
        ("T.-Y. Lin, P. Goyal, R. Girshick, K. He, P. Dollar. Focal loss for dense object detection. ICCV 2017."),
    ),
    "linnet": (
        "Linnet, 1990",
        (
            "K. Linnet. Estimation of the linear relationship between the measurements of two methods with "
            "proportional errors. Statistics in Medicine 9, 1990."
        ),
    ),
    "lipton": (
        "Lipton et al., 2018",
        (
            "Z. C. Lipton, Y.-X. Wang, A. J. Smola. Detecting and correcting for label shift with black box "
            "predictors. ICML 2018."
        ),
    ),
    "liu": (
        "Liu et al., 2020",
        (
            "S. Liu, J. Niles-Weed, N. Razavian, C. Fernandez-Granda. Early-learning regularization prevents "
            "memorization of noisy labels. NeurIPS 2020."
        ),
    ),
    "ma": (
        "Ma et al., 2020",
        (
            "X. Ma, H. Huang, Y. Wang, S. Romano, S. Erfani, J. Bailey. Normalized loss functions for deep "
            "learning with noisy labels. ICML 2020."
        ),
    ),
    "miller": ("Miller, 1968", "R. G. Miller. Jackknifing variances. Annals of Mathematical Statistics 39, 1968."),
    "nadeau": (
        "Nadeau and Bengio, 2003",
        ("C. Nadeau, Y. Bengio. Inference for the generalization error. Machine Learning 52, 2003."),
    ),
    "owen": (
        "Owen, 2007",
        ("A. B. Owen. The pigeonhole bootstrap. Annals of Applied Statistics 1, 2007."),
    ),
    "park": (
        "Park et al., 2019",
        (
            "D. S. Park, W. Chan, Y. Zhang, C.-C. Chiu, B. Zoph, E. D. Cubuk, Q. V. Le. SpecAugment: a simple data "
            "augmentation method for automatic speech recognition. Interspeech 2019."
        ),
    ),
    "patrini": (
        "Patrini et al., 2017",
        (
            "G. Patrini, A. Rozza, A. K. Menon, R. Nock, L. Qu. Making deep neural networks robust to label noise: a "
            "loss correction approach. CVPR 2017."
        ),
    ),
    "patterson": (
        "Patterson and Thompson, 1971",
        (
            "H. D. Patterson, R. Thompson. Recovery of inter-block information when block sizes are unequal. "
            "Biometrika 58, 1971."
        ),
    ),
    "pleiss": (
        "Pleiss et al., 2020",
        (
            "G. Pleiss, T. Zhang, E. Elenberg, K. Weinberger. Identifying mislabeled data using the area under the "
            "margin ranking. NeurIPS 2020."
        ),
    ),
    "reed": (
        "Reed et al., 2015",
        (
            "S. Reed, H. Lee, D. Anguelov, C. Szegedy, D. Erhan, A. Rabinovich. Training deep neural networks on noisy "
            "labels with bootstrapping. ICLR workshop 2015."
        ),
    ),
    "russo": ("Russo, 2016", "D. Russo. Simple Bayesian algorithms for best arm identification. COLT 2016."),
    "schuirmann": (
        "Schuirmann, 1987",
        (
            "D. J. Schuirmann. A comparison of the two one-sided tests procedure and the power approach for assessing "
            "the equivalence of average bioavailability. Journal of Pharmacokinetics and Biopharmaceutics 15, 1987."
        ),
    ),
    "shrout": (
        "Shrout and Fleiss, 1979",
        (
            "P. E. Shrout, J. L. Fleiss. Intraclass correlations: uses in assessing rater reliability. Psychological "
            "Bulletin 86, 1979."
        ),
    ),
    "storey": ("Storey, 2002", "J. D. Storey. A direct approach to false discovery rates. JRSS B 64, 2002."),
    "szegedy": (
        "Szegedy et al., 2016",
        (
            "C. Szegedy, V. Vanhoucke, S. Ioffe, J. Shlens, Z. Wojna. Rethinking the Inception architecture for "
            "computer vision. CVPR 2016."
        ),
    ),
    "wang": (
        "Wang et al., 2019",
        (
            "Y. Wang, X. Ma, Z. Chen, Y. Luo, J. Yi, J. Bailey. Symmetric cross entropy for robust learning "
            "with noisy labels. ICCV 2019."
        ),
    ),
    "welch": (
        "Welch, 1947",
        (
            "B. L. Welch. The generalization of 'Student's' problem when several different population variances are "
            "involved. Biometrika 34, 1947."
        ),
    ),
    "wilson": (
        "Wilson, 1927",
        (
            "E. B. Wilson. Probable inference, the law of succession, and statistical inference. Journal of the "
            "American Statistical Association 22, 1927."
        ),
    ),
    "ye": (
        "Ye et al., 2023",
        (
            "X. Ye, X. Li, S. Dai, T. Liu, Y. Sun, W. Tong. Active negative loss functions for learning with "
            "noisy labels. NeurIPS 2023."
        ),
    ),
    "zhang": (
        "Zhang and Sabuncu, 2018",
        (
            "Z. Zhang, M. R. Sabuncu. Generalized cross entropy loss for training deep neural networks with noisy "
            "labels. NeurIPS 2018."
        ),
    ),
    "zhang_mixup": (
        "Zhang et al., 2018",
        "H. Zhang, M. Cisse, Y. N. Dauphin, D. Lopez-Paz. mixup: beyond empirical risk minimization. ICLR 2018.",
    ),
    "zhou": (
        "Zhou et al., 2021",
        (
            "X. Zhou, X. Liu, J. Jiang, X. Gao, X. Ji. Asymmetric loss functions for learning with noisy "
            "labels. ICML 2021."
        ),
    ),
}


class References:
    """Collects the works that a text cites."""

    def __init__(self) -> None:
        """Start with none."""
        self._cited: set[str] = set()

    def cite(self, work: str) -> str:
        """Return ``Author, year`` of a work of ``WORKS`` and note it."""
        self._cited.add(work)
        return REFERENCES[work][0]

    def lines(self) -> list[str]:
        """Return the works cited so far, by author."""
        return [REFERENCES[work][1] for work in sorted(self._cited)]
