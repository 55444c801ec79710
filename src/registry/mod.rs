//! F1, pure: persons, personal numbers, names, cards, residence and how they are matched.
