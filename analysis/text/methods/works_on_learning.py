"""Works on losses, networks, data sets and search that a study's methods may cite."""

from __future__ import annotations

from analysis.text.methods.work import Work

WORKS = {
    "akiba": Work(
        "T. Akiba, S. Sano, T. Yanase, T. Ohta, M. Koyama",
        "Optuna: a next-generation hyperparameter optimization framework",
        "KDD",
        2019,
    ),
    "deng": Work(
        "J. Deng, C. Gao, Q. Feng, X. Xu, Z. Chen",
        "Adaptive generalized cross-entropy loss for sound event classification with noisy labels",
        "WASPAA",
        2021,
        doi="10.1109/WASPAA52581.2021.9632679",
    ),
    "englesson": Work(
        "E. Englesson, H. Azizpour",
        "Generalized Jensen-Shannon divergence loss for learning with noisy labels",
        "NeurIPS",
        2021,
    ),
    "feng": Work(
        "L. Feng, S. Shu, Z. Lin, F. Lv, L. Li, B. An",
        "Can cross entropy loss be robust to label noise?",
        "IJCAI",
        2020,
    ),
    "fonseca": Work(
        "E. Fonseca, M. Plakal, D. P. W. Ellis, F. Font, X. Favory, X. Serra",
        "Learning sound event classifiers from web audio with noisy labels",
        "ICASSP",
        2019,
    ),
    "fonseca_fsd50k": Work(
        "E. Fonseca, X. Favory, J. Pons, F. Font, X. Serra",
        "FSD50K: an open dataset of human-labeled sound events",
        "IEEE/ACM Transactions on Audio, Speech, and Language Processing",
        2022,
        volume=30,
        doi="10.1109/TASLP.2021.3133208",
    ),
    "fonseca_waspaa": Work(
        "E. Fonseca, F. Font, X. Serra",
        "Model-agnostic approaches to handling noisy labels when training sound event classifiers",
        "WASPAA",
        2019,
        cited_as="Fonseca, Font and Serra",
    ),
    "frosst": Work(
        "N. Frosst, N. Papernot, G. Hinton",
        "Analyzing and improving representations with the soft nearest neighbor loss",
        "ICML",
        2019,
    ),
    "ghosh": Work(
        "A. Ghosh, H. Kumar, P. S. Sastry",
        "Robust loss functions under label noise for deep neural networks",
        "AAAI",
        2017,
    ),
    "li": Work(
        "L. Li, K. Jamieson, A. Rostamizadeh, E. Gonina, J. Ben-tzur, M. Hardt, B. Recht, A. Talwalkar",
        "A system for massively parallel hyperparameter tuning",
        "MLSys",
        2020,
    ),
    "lin": Work(
        "T.-Y. Lin, P. Goyal, R. Girshick, K. He, P. Dollár", "Focal loss for dense object detection", "ICCV", 2017
    ),
    "liu": Work(
        "S. Liu, J. Niles-Weed, N. Razavian, C. Fernandez-Granda",
        "Early-learning regularization prevents memorization of noisy labels",
        "NeurIPS",
        2020,
    ),
    "ma": Work(
        "X. Ma, H. Huang, Y. Wang, S. Romano, S. Erfani, J. Bailey",
        "Normalized loss functions for deep learning with noisy labels",
        "ICML",
        2020,
    ),
    "park": Work(
        "D. S. Park, W. Chan, Y. Zhang, C.-C. Chiu, B. Zoph, E. D. Cubuk, Q. V. Le",
        "SpecAugment: a simple data augmentation method for automatic speech recognition",
        "Interspeech",
        2019,
    ),
    "patrini": Work(
        "G. Patrini, A. Rozza, A. K. Menon, R. Nock, L. Qu",
        "Making deep neural networks robust to label noise: a loss correction approach",
        "CVPR",
        2017,
    ),
    "pleiss": Work(
        "G. Pleiss, T. Zhang, E. Elenberg, K. Weinberger",
        "Identifying mislabeled data using the area under the margin ranking",
        "NeurIPS",
        2020,
    ),
    "reed": Work(
        "S. Reed, H. Lee, D. Anguelov, C. Szegedy, D. Erhan, A. Rabinovich",
        "Training deep neural networks on noisy labels with bootstrapping",
        "ICLR workshop",
        2015,
    ),
    "szegedy": Work(
        "C. Szegedy, V. Vanhoucke, S. Ioffe, J. Shlens, Z. Wojna",
        "Rethinking the Inception architecture for computer vision",
        "CVPR",
        2016,
    ),
    "wang": Work(
        "Y. Wang, X. Ma, Z. Chen, Y. Luo, J. Yi, J. Bailey",
        "Symmetric cross entropy for robust learning with noisy labels",
        "ICCV",
        2019,
    ),
    "ye": Work(
        "X. Ye, X. Li, S. Dai, T. Liu, Y. Sun, W. Tong",
        "Active negative loss functions for learning with noisy labels",
        "NeurIPS",
        2023,
    ),
    "zhang": Work(
        "Z. Zhang, M. R. Sabuncu",
        "Generalized cross entropy loss for training deep neural networks with noisy labels",
        "NeurIPS",
        2018,
    ),
    "zhang_mixup": Work(
        "H. Zhang, M. Cisse, Y. N. Dauphin, D. Lopez-Paz", "mixup: beyond empirical risk minimization", "ICLR", 2018
    ),
    "zhou": Work(
        "X. Zhou, X. Liu, J. Jiang, X. Gao, X. Ji",
        "Asymmetric loss functions for learning with noisy labels",
        "ICML",
        2021,
    ),
}
