# Forecasts every series of a CSV file with R's package forecast.
#
#   Rscript bench/forecast/peers.R TRAIN.csv SEASON HORIZON MODEL EVERY OUT.csv      MODEL: auto.arima | ets | thetaf
#
# Prints the number of series and the CPU-seconds of the forecasts alone.
suppressMessages(library(forecast))
arguments <- commandArgs(TRUE)
season <- as.integer(arguments[2])
horizon <- as.integer(arguments[3])
model <- arguments[4]
data <- read.csv(arguments[1], colClasses = c("character", "integer", "numeric"))
ids <- unique(data$series_id)
ids <- ids[seq(1, length(ids), by = as.integer(arguments[5]))]
values <- split(data$value, data$series_id)
rows <- vector("list", length(ids))
start <- proc.time()
for (i in seq_along(ids)) {
  y <- ts(values[[ids[i]]], frequency = season)
  f <- switch(model,
    auto.arima = forecast(auto.arima(y), h = horizon, level = c(80, 95)),
    ets = forecast(ets(y), h = horizon, level = c(80, 95)),
    thetaf = thetaf(y, h = horizon, level = c(80, 95))
  )
  rows[[i]] <- data.frame(
    series_id = ids[i], h = seq_len(horizon), mean = as.numeric(f$mean),
    lo80 = as.numeric(f$lower[, 1]), hi80 = as.numeric(f$upper[, 1]),
    lo95 = as.numeric(f$lower[, 2]), hi95 = as.numeric(f$upper[, 2])
  )
}
used <- proc.time() - start
write.csv(do.call(rbind, rows), arguments[6], row.names = FALSE, quote = FALSE)
cat(length(ids), sum(used[c("user.self", "sys.self", "user.child", "sys.child")], na.rm = TRUE), "\n")
