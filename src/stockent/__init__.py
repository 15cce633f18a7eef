"""StockENT Messaging: real-time conversations between buyers and sellers, self-hosted."""
