# Writes sarima.json: what R says of seasonal ARIMA models on its classic series.
#
#   Rscript core/tests/golden/sarima.R core/tests/golden/sarima.json
#
# Debian: r-base-core, r-cran-forecast, r-cran-jsonlite. Not needed by `cargo test`.
suppressMessages(library(forecast))
library(jsonlite)

holes <- function(x, at) { x[at] <- NA; x }
step_at <- function(n, at) as.numeric(seq_len(n) >= at)

series <- list(
  AirPassengers = log(AirPassengers),
  AirPassengersHoles = holes(log(AirPassengers), c(20, 21, 60, 100, 101, 102, 131)),
  Nile = Nile,
  LakeHuron = LakeHuron,
  USAccDeaths = USAccDeaths,
  UKgas = log(UKgas),
  lynx = log10(lynx),
  WWWusage = WWWusage,
  presidents = presidents,
  # Levels without a trend, and a regressor that jumps.
  NileHoles = holes(Nile, c(5, 40:44, 90))
)

# A regressor: the dam of 1898 for the Nile, a slow wave elsewhere.
regressor <- function(name, n) {
  if (startsWith(name, "Nile")) step_at(n, 28) else sin(seq_len(n) / 7)
}

cases <- list(
  # series, order, seasonal, constant, regressor, method
  list("AirPassengers", c(0, 1, 1), c(0, 1, 1), FALSE, FALSE, "ML"),
  list("AirPassengers", c(2, 1, 1), c(0, 1, 1), FALSE, FALSE, "ML"),
  list("AirPassengers", c(1, 0, 0), c(1, 1, 0), TRUE, FALSE, "ML"),
  list("AirPassengers", c(1, 1, 1), c(1, 0, 1), TRUE, FALSE, "ML"),
  list("AirPassengers", c(0, 1, 1), c(0, 1, 1), FALSE, TRUE, "ML"),
  list("AirPassengersHoles", c(0, 1, 1), c(0, 1, 1), FALSE, FALSE, "ML"),
  list("AirPassengersHoles", c(1, 0, 0), c(0, 1, 1), TRUE, FALSE, "ML"),
  list("Nile", c(1, 0, 1), c(0, 0, 0), TRUE, FALSE, "ML"),
  list("Nile", c(0, 1, 1), c(0, 0, 0), FALSE, FALSE, "ML"),
  list("Nile", c(1, 0, 0), c(0, 0, 0), TRUE, TRUE, "ML"),
  list("NileHoles", c(1, 0, 1), c(0, 0, 0), TRUE, TRUE, "ML"),
  list("LakeHuron", c(2, 0, 0), c(0, 0, 0), TRUE, FALSE, "ML"),
  list("LakeHuron", c(1, 0, 1), c(0, 0, 0), TRUE, FALSE, "ML"),
  list("LakeHuron", c(0, 1, 2), c(0, 0, 0), TRUE, FALSE, "ML"),
  list("USAccDeaths", c(0, 1, 1), c(0, 1, 1), FALSE, FALSE, "ML"),
  list("USAccDeaths", c(1, 0, 0), c(2, 1, 0), TRUE, FALSE, "ML"),
  list("USAccDeaths", c(0, 1, 1), c(0, 1, 1), FALSE, FALSE, "CSS"),
  list("UKgas", c(1, 1, 1), c(0, 1, 1), FALSE, FALSE, "ML"),
  list("UKgas", c(0, 0, 2), c(1, 1, 1), TRUE, FALSE, "ML"),
  list("lynx", c(4, 0, 0), c(0, 0, 0), TRUE, FALSE, "ML"),
  list("lynx", c(2, 0, 2), c(0, 0, 0), TRUE, FALSE, "ML"),
  list("lynx", c(2, 0, 0), c(0, 0, 0), TRUE, FALSE, "CSS"),
  list("WWWusage", c(3, 1, 0), c(0, 0, 0), FALSE, FALSE, "ML"),
  list("WWWusage", c(1, 1, 1), c(0, 0, 0), TRUE, FALSE, "ML"),
  list("WWWusage", c(0, 2, 2), c(0, 0, 0), FALSE, FALSE, "ML"),
  list("presidents", c(3, 0, 0), c(0, 0, 0), TRUE, FALSE, "ML"),
  list("presidents", c(1, 0, 0), c(1, 0, 0), TRUE, FALSE, "ML"),
  list("presidents", c(0, 1, 1), c(0, 0, 0), FALSE, FALSE, "ML"),
  list("presidents", c(1, 0, 0), c(0, 0, 0), TRUE, TRUE, "ML")
)

control <- list(reltol = 1e-13, maxit = 2000)
out <- lapply(cases, function(case) {
  y <- series[[case[[1]]]]
  n <- length(y)
  m <- frequency(y)
  wave <- regressor(case[[1]], n + 24)
  x <- if (case[[5]]) cbind(xreg1 = wave[1:n]) else NULL
  future <- if (case[[5]]) cbind(xreg1 = wave[n + 1:24]) else NULL
  # do.call: predict() evaluates the call's regressors again, far from here.
  arguments <- list(y, order = case[[2]], seasonal = list(order = case[[3]], period = m),
                    include.constant = case[[4]], method = case[[6]], optim.control = control)
  if (!is.null(x)) arguments$xreg <- x
  fit <- do.call(Arima, arguments)
  residual <- as.numeric(residuals(fit))
  # forecast::Arima sums the residuals of the diffuse start, level / sqrt(kappa), into sigma^2;
  # arima() itself does not, and neither do we.
  lost <- case[[2]][2] + m * case[[3]][2]
  rss <- sum(residual[seq_along(residual) > lost]^2, na.rm = TRUE)
  fit$sigma2 <- rss / (fit$nobs - length(coef(fit)))
  # Values that CSS takes as given have no residual.
  given <- if (case[[6]] == "CSS") case[[2]][1] + m * case[[3]][1] else 0
  ahead <- if (is.null(x)) forecast(fit, h = 24, level = c(80, 95)) else
    forecast(fit, xreg = future, level = c(80, 95))
  list(
    series = case[[1]], order = case[[2]], seasonal = case[[3]], season = m,
    constant = case[[4]], regressor = case[[5]], method = case[[6]],
    terms = as.list(coef(fit)), errors = as.list(sqrt(diag(vcov(fit)))),
    loglik = fit$loglik, sigma2 = rss / (fit$nobs - given),
    sigma2_unbiased = fit$sigma2,
    aic = fit$aic, aicc = fit$aicc, bic = fit$bic,
    mean = as.numeric(ahead$mean),
    lower80 = as.numeric(ahead$lower[, 1]), upper80 = as.numeric(ahead$upper[, 1]),
    lower95 = as.numeric(ahead$lower[, 2]), upper95 = as.numeric(ahead$upper[, 2])
  )
})

searches <- lapply(names(series)[c(1, 3:9)], function(name) {
  y <- series[[name]]
  fit <- auto.arima(y)
  order <- fit$arma
  list(series = name, season = frequency(y), order = order[c(1, 6, 2)],
       seasonal = order[c(3, 7, 4)], ndiffs = ndiffs(y),
       nsdiffs = if (frequency(y) > 1 && !anyNA(y)) nsdiffs(y) else 0,
       aicc = fit$aicc)
})

write_json(
  list(
    made_with = paste(R.version.string, "forecast", packageVersion("forecast")),
    series = lapply(series, as.numeric), fits = out, searches = searches
  ),
  commandArgs(TRUE)[1], auto_unbox = TRUE, digits = I(12), na = "null", pretty = FALSE
)
