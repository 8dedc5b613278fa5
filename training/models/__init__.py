"""The models that training makes: their recipe, the ensemble, and the two kinds of user models."""
