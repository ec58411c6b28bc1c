// Whose database it is, as far as its type tells, and what their licence asks to be shown.

struct DatabaseMaker {
  let licence: String
  let attribution: String

  /// - Parameter databaseType: `database_type` of the metadata.
  init?(databaseType: String) {
    if databaseType.hasPrefix("DBIP-") {
      licence = "CC BY 4.0"
      attribution = "IP Geolocation by DB-IP (https://db-ip.com)"
    } else if databaseType.hasPrefix("GeoLite2-") {
      licence = "GeoLite2 End User License Agreement"
      attribution =
        "This product includes GeoLite2 data created by MaxMind, available from https://www.maxmind.com"
    } else if databaseType.hasPrefix("ipinfo ") {
      licence = "CC BY-SA 4.0"
      attribution = "IP address data powered by IPinfo (https://ipinfo.io)"
    } else {
      return nil
    }
  }
}
