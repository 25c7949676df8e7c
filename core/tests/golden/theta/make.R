# Writes theta.csv: point forecasts and alpha of forecast::thetaf on classic series.
# R 4.2, forecast 8.20 (Debian r-cran-forecast). Run: Rscript make.R > theta.csv
suppressMessages(library(forecast))
sets <- list(AirPassengers = AirPassengers, Nile = Nile, co2 = window(co2, end = c(1979, 12)),
  JohnsonJohnson = JohnsonJohnson, USAccDeaths = USAccDeaths, WWWusage = WWWusage)
cat("series,season,kind,t,value\n")
for (name in names(sets)) {
  x <- sets[[name]]; m <- frequency(x)
  f <- thetaf(x, h = 12)
  for (t in seq_along(x)) cat(sprintf("%s,%d,y,%d,%.10g\n", name, m, t, x[t]))
  for (h in 1:12) cat(sprintf("%s,%d,f,%d,%.10g\n", name, m, h, f$mean[h]))
}
