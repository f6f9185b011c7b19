; Offers the app under "Open with" for its kinds of files. It becomes the default of none of them.
!macro offerFor EXTENSION
  WriteRegStr SHCTX "Software\Classes\Applications\${APP_EXECUTABLE_FILENAME}\SupportedTypes" ".${EXTENSION}" ""
!macroend

!macro customInstall
  WriteRegStr SHCTX "Software\Classes\Applications\${APP_EXECUTABLE_FILENAME}" "FriendlyAppName" "${PRODUCT_NAME}"
  WriteRegStr SHCTX "Software\Classes\Applications\${APP_EXECUTABLE_FILENAME}\shell\open\command" "" '"$INSTDIR\${APP_EXECUTABLE_FILENAME}" "%1"'
  !insertmacro offerFor "jpg"
  !insertmacro offerFor "jpeg"
  !insertmacro offerFor "png"
  !insertmacro offerFor "bmp"
  !insertmacro offerFor "webp"
  !insertmacro offerFor "heic"
  !insertmacro offerFor "avif"
  !insertmacro offerFor "wav"
  !insertmacro offerFor "mp3"
  !insertmacro offerFor "m4a"
  !insertmacro offerFor "flac"
  !insertmacro offerFor "ogg"
  !insertmacro offerFor "opus"
  !insertmacro offerFor "mp4"
  !insertmacro offerFor "mov"
  !insertmacro offerFor "webm"
!macroend

!macro customUnInstall
  DeleteRegKey SHCTX "Software\Classes\Applications\${APP_EXECUTABLE_FILENAME}"
!macroend
